BEGIN TRANSACTION;
CREATE TABLE cloudguard_circumstances (
	id INTEGER NOT NULL, 
	digest TEXT NOT NULL, 
	document TEXT NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (digest)
);
INSERT INTO "cloudguard_circumstances" VALUES(1,'1a5d0101ef217945a2660a7b412c9f21b3b9a96da08fb561da311a718f2960f6','{"version":"0","checks":["etcd-access/inside"],"gaps":[],"declared":{},"rows":{"etcd-access":{"unknown":false,"not_asked":["Tunnel"],"heeds":["etcd-port"]},"etcd-encryption":{"unknown":false,"not_asked":[],"heeds":[]}}}');
INSERT INTO "cloudguard_circumstances" VALUES(2,'c35d4089161b467c4b3ecb5695a8445b5e42a0e6dafec35f101cfdb830f2f9f3','{"version":"0","checks":["etcd-access/inside"],"gaps":[],"declared":{},"rows":{"etcd-access":{"unknown":true,"not_asked":["Tunnel"],"heeds":["etcd-port"]},"etcd-encryption":{"unknown":false,"not_asked":[],"heeds":[]}}}');
CREATE TABLE cloudguard_cluster (
	id INTEGER NOT NULL, 
	provider TEXT NOT NULL, 
	account TEXT NOT NULL, 
	regions TEXT NOT NULL, 
	name TEXT NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT cloudguard_cluster_key UNIQUE (provider, account, regions, name)
);
INSERT INTO "cloudguard_cluster" VALUES(1,'memory','1234','here','prod');
CREATE TABLE cloudguard_finding (
	id INTEGER NOT NULL, 
	cluster INTEGER NOT NULL, 
	finding TEXT NOT NULL, 
	check_id TEXT NOT NULL, 
	severity TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	name TEXT NOT NULL, 
	message TEXT NOT NULL, 
	width TEXT NOT NULL, 
	waiver TEXT, 
	first_seen TEXT NOT NULL, 
	began TEXT NOT NULL, 
	last_seen TEXT, 
	last_under INTEGER, 
	ended TEXT, 
	ended_as TEXT, 
	PRIMARY KEY (id), 
	FOREIGN KEY(cluster) REFERENCES cloudguard_cluster (id), 
	FOREIGN KEY(last_under) REFERENCES cloudguard_circumstances (id)
);
INSERT INTO "cloudguard_finding" VALUES(1,1,'000000000001','etcd-access/inside','high','filter','f-1','one','message one','[]',NULL,'2026-01-01T02:17:00Z','2026-01-01T02:17:00Z','2026-01-02T02:17:00Z',1,NULL,NULL);
INSERT INTO "cloudguard_finding" VALUES(2,1,'000000000002','etcd-access/inside','high','filter','f-2','two','message two','[]',NULL,'2026-01-01T02:17:00Z','2026-01-01T02:17:00Z',NULL,NULL,'2026-01-02T02:17:00Z','changed');
INSERT INTO "cloudguard_finding" VALUES(3,1,'000000000003','etcd-access/inside','high','filter','f-3','gone','message gone','[]',NULL,'2026-01-01T02:17:00Z','2026-01-01T02:17:00Z',NULL,NULL,'2026-01-02T02:17:00Z','fixed');
INSERT INTO "cloudguard_finding" VALUES(4,1,'000000000002','etcd-access/inside','high','filter','f-2','two','message two','[]','{"owner": "platform", "reason": "until the move", "expires": "2026-06-30"}','2026-01-01T02:17:00Z','2026-01-02T02:17:00Z',NULL,NULL,NULL,NULL);
CREATE TABLE cloudguard_run (
	id INTEGER NOT NULL, 
	cluster INTEGER NOT NULL, 
	finished TEXT NOT NULL, 
	complete BOOLEAN NOT NULL, 
	verdicts TEXT NOT NULL, 
	circumstances INTEGER NOT NULL, 
	shown BOOLEAN NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT cloudguard_run_key UNIQUE (cluster, finished), 
	FOREIGN KEY(cluster) REFERENCES cloudguard_cluster (id), 
	FOREIGN KEY(circumstances) REFERENCES cloudguard_circumstances (id)
);
INSERT INTO "cloudguard_run" VALUES(1,1,'2026-01-01T02:17:00Z',1,'FAIL PASS',1,1);
INSERT INTO "cloudguard_run" VALUES(2,1,'2026-01-02T02:17:00Z',1,'FAIL PASS',1,1);
INSERT INTO "cloudguard_run" VALUES(3,1,'2026-01-03T02:17:00Z',0,'UNKNOWN PASS',2,0);
CREATE TABLE cloudguard_schema (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT cloudguard_schema_pkc PRIMARY KEY (version_num)
);
INSERT INTO "cloudguard_schema" VALUES('1');
CREATE UNIQUE INDEX cloudguard_finding_open ON cloudguard_finding (cluster, finding) WHERE ended IS NULL;
CREATE INDEX cloudguard_finding_by_id ON cloudguard_finding (finding);
COMMIT;
