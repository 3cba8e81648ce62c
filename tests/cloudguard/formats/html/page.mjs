// Opens pages in Chromium and says what they do: node page.mjs BROWSER CASES, both as pytest gives them.
// CASES is JSON, a list of {name, file}; the answer is JSON on stdout, an object by the name of each case.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, executablePath, cases] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const PHONE = { width: 360, height: 740 };
const DESK = { width: 1200, height: 900 };

async function looked(browser, file, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const seen = { dialogs: 0, requests: [], blocked: 0 };
  page.on("dialog", (dialog) => { seen.dialogs += 1; dialog.dismiss(); });
  page.on("request", (request) => seen.requests.push(request.url()));
  page.on("console", (message) => { seen.blocked += message.text().includes("Content Security Policy"); });
  await page.goto(pathToFileURL(file).href);
  await page.waitForTimeout(50);
  return { page, context, seen };
}

async function violations(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run({ resultTypes: ["violations"] }));
  return violations.map((one) => `${one.id}: ${one.nodes.map((node) => node.html.slice(0, 160)).join(" ")}`);
}

async function filtered(page) {
  if (await page.locator("#filters").count() === 0) return null;
  await page.selectOption("select[name=severity]", "4");
  const shown = await page.locator("[data-severity]:visible").count();
  await page.selectOption("select[name=severity]", "1");
  const all = await page.locator("[data-severity]:visible").count();
  await page.selectOption("select[name=row]", { index: 1 });
  const sections = await page.locator("[data-section]:visible").count();
  return { critical: shown, all, sections };
}

async function answer(browser, { file, hostile }) {
  const { page, context, seen } = await looked(browser, file, { viewport: DESK });
  if (hostile) return seen;
  const light = await violations(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await violations(page);
  const shown = await filtered(page);
  await page.setViewportSize(PHONE);
  const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await context.close();
  const plain = await looked(browser, file, { javaScriptEnabled: false });
  const rows = await plain.page.locator("[data-section] h2:visible").count();
  const cards = await plain.page.locator("[data-severity]:visible").count();
  const filters = await plain.page.locator("#filters:visible").count();
  await plain.context.close();
  return { ...seen, light, dark, shown, tooWide, rows, cards, filters };
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const answers = {};
for (const one of JSON.parse(cases)) answers[one.name] = await answer(browser, one);
await browser.close();
process.stdout.write(JSON.stringify(answers));
