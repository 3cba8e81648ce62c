"""Changes as HCL blocks for the provider hashicorp/aws: one block for each rule, policy or membership.

https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/vpc_security_group_ingress_rule
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

from cloudguard.provider.calls.placeholders import name_of
from cloudguard.provider.permissions.hcl import hcl, import_block, removed_block, resource_block
from cloudguard.results.api_call import ApiCall, PlannedCall

_RULE: Final = {
    "CidrIpv4": "cidr_ipv4",
    "CidrIpv6": "cidr_ipv6",
    "CidrIp": "cidr_ipv4",
    "PrefixListId": "prefix_list_id",
    "ReferencedGroupId": "referenced_security_group_id",
    "GroupId": "referenced_security_group_id",
    "Description": "description",
}
_PEERS: Final = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
_ENTRY: Final = {
    "NetworkAclId": "network_acl_id",
    "RuleNumber": "rule_number",
    "Egress": "egress",
    "RuleAction": "rule_action",
    "Protocol": "protocol",
    "CidrBlock": "cidr_block",
    "Ipv6CidrBlock": "ipv6_cidr_block",
}
_WITHOUT_PORTS: Final = -1
_PARTS_OF_BLOCKS: Final = {
    "ModifyInstanceMetadataOptions": "metadata_options of the aws_instance",
    "CreateLaunchTemplateVersion": "the aws_launch_template (with update_default_version = true)",
    "UpdateClusterConfig": "vpc_config of the aws_eks_cluster",
    "AssociateEncryptionConfig": "encryption_config of the aws_eks_cluster",
    "EnableKeyRotation": "enable_key_rotation of the aws_kms_key",
    "EnableKey": "is_enabled of the aws_kms_key",
    "UpdateAssumeRolePolicy": "assume_role_policy of the aws_iam_role",
}
"""Operations whose setting is a part of the resource's own block. The text names the argument and the block."""
Values = Mapping[str, Any]


def terraform(calls: Iterable[PlannedCall], egress: Collection[str] = ()) -> str:
    """Return blocks that do the same as ``calls``, or "" if there are none.

    ``egress``: ids of security group rules for egress. ModifySecurityGroupRules does not name the direction of a rule.

    A comment stands for a setting inside a block that the user has. Existing resources are imported. Resources to
    delete are ``removed`` blocks: Terraform deletes only resources in its state.
    """
    return "\n".join(block for planned in calls for block in _blocks(planned, egress))


def _blocks(planned: PlannedCall, egress: Collection[str]) -> Iterator[str]:
    call, parameters = planned.call, planned.call.parameters
    match call.operation:
        case "ModifySecurityGroupRules":
            yield from _modified(parameters, egress)
        case "AuthorizeSecurityGroupIngress" | "AuthorizeSecurityGroupEgress":
            kind = _kind(egress=call.operation.endswith("Egress"))
            fields = _permission(parameters["IpPermissions"][0])
            yield _resource(
                kind, _label(*_texts([parameters["GroupId"], *fields.values()])), _of_group(parameters) | fields
            )
        case "RevokeSecurityGroupIngress" | "RevokeSecurityGroupEgress":
            yield from _revoked(call)
        case "CreateSecurityGroup":
            (name,) = call.answers
            about = {
                "name": parameters["GroupName"],
                "description": parameters["Description"],
                "vpc_id": parameters["VpcId"],
            }
            yield _resource("aws_security_group", name.lower(), about)
        case "ModifyNetworkInterfaceAttribute":
            yield from _attached(planned)
        case "CreateNetworkAclEntry" | "ReplaceNetworkAclEntry" | "DeleteNetworkAclEntry":
            yield from _entry(planned)
        case "PutRolePolicy" | "DeleteRolePolicy" | "DetachRolePolicy":
            yield _policy(call.operation, parameters)
        case operation:
            what = _PARTS_OF_BLOCKS.get(operation)
            yield from [f"# set in {what}: {json.dumps(parameters)}\n"] if what else []


def _kind(*, egress: bool) -> str:
    return f"aws_vpc_security_group_{'egress' if egress else 'ingress'}_rule"


def _of_group(parameters: Values) -> dict[str, Any]:
    return {"security_group_id": parameters["GroupId"]}


def _modified(parameters: Values, egress: Collection[str]) -> Iterator[str]:
    (edited,) = parameters["SecurityGroupRules"]
    rule = edited["SecurityGroupRuleId"]
    label, kind = _label(rule), _kind(egress=rule in egress)
    yield import_block(kind, label, rule)
    yield _resource(kind, label, _of_group(parameters) | _rule(edited["SecurityGroupRule"]))


def _rule(fields: Values) -> dict[str, Any]:
    """Return the arguments of a rule. Only protocols with ports or types get ports."""
    protocol, first = fields["IpProtocol"], fields.get("FromPort", _WITHOUT_PORTS)
    spans = protocol in {"tcp", "udp", "icmp", "icmpv6"}
    ports = {"from_port": first, "to_port": fields["ToPort"]} if spans else {}
    named = {_RULE[key]: value for key, value in fields.items() if key in _RULE}
    return {"ip_protocol": protocol} | ports | named


def _permission(fields: Values) -> dict[str, Any]:
    peers = next(fields[key] for key in _PEERS if key in fields)
    return _rule({key: value for key, value in fields.items() if key not in _PEERS} | peers[0])


def _revoked(call: ApiCall) -> Iterator[str]:
    for rule in call.parameters.get("SecurityGroupRuleIds", ()):
        yield removed_block(_kind(egress=call.operation.endswith("Egress")), _label(rule))


def _attached(planned: PlannedCall) -> Iterator[str]:
    parameters, kind = planned.call.parameters, "aws_network_interface_sg_attachment"
    interface, before = parameters["NetworkInterfaceId"], planned.inverse[0].parameters["Groups"]
    for group in parameters["Groups"]:
        if group not in before:
            label = _label(interface, *_texts([group]))
            yield _resource(kind, label, {"security_group_id": group, "network_interface_id": interface})
    for group in before:
        if group not in parameters["Groups"]:
            yield removed_block(kind, _label(interface, *_texts([group])))


def _entry(planned: PlannedCall) -> Iterator[str]:
    call, parameters, kind = planned.call, planned.call.parameters, "aws_network_acl_rule"
    label = _label(
        parameters["NetworkAclId"], "egress" if parameters["Egress"] else "ingress", str(parameters["RuleNumber"])
    )
    if call.operation.startswith("Delete"):
        yield removed_block(kind, label)
        return
    if call.operation.startswith("Replace"):
        before = planned.inverse[0].parameters
        words = (
            parameters["NetworkAclId"],
            parameters["RuleNumber"],
            before["Protocol"],
            str(parameters["Egress"]).lower(),
        )
        yield import_block(kind, label, ":".join(map(str, words)))
    ports, icmp = parameters.get("PortRange", {}), parameters.get("IcmpTypeCode", {})
    spans = {"from_port": ports["From"], "to_port": ports["To"]} if ports else {}
    types = {"icmp_type": icmp["Type"], "icmp_code": icmp["Code"]} if icmp else {}
    yield _resource(kind, label, {_ENTRY[key]: parameters[key] for key in _ENTRY if key in parameters} | spans | types)


def _policy(operation: str, parameters: Values) -> str:
    role = parameters["RoleName"]
    if operation == "DetachRolePolicy":
        return removed_block(
            "aws_iam_role_policy_attachment", _label(role, str(parameters["PolicyArn"]).rpartition("/")[2])
        )
    label = _label(role, parameters["PolicyName"])
    if operation == "DeleteRolePolicy":
        return removed_block("aws_iam_role_policy", label)
    about = {"name": parameters["PolicyName"], "role": role, "policy": parameters["PolicyDocument"]}
    return _resource("aws_iam_role_policy", label, about)


def _resource(kind: str, label: str, arguments: Values) -> str:
    lines = "".join(f"  {name} = {_value(value)}\n" for name, value in arguments.items())
    return resource_block(kind, label, lines)


def _texts(values: Iterable[object]) -> list[str]:
    return [name_of(value).lower() or str(value) for value in values]


def _label(*words: str) -> str:
    """Return the label of a block, made from ``words``."""
    text = re.sub(r"[^a-z0-9]+", "_", "_".join(words).lower()).strip("_")
    return text if text[:1].isalpha() else f"r_{text}"


def _value(value: object) -> str:
    """Return a value in HCL. A new group is a reference to its block."""
    if name := name_of(value):
        return f"aws_security_group.{name.lower()}.id"
    if isinstance(value, (bool, int)):
        return json.dumps(value)
    return hcl(str(value))
