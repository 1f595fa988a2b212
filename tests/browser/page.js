// Runs one script of this folder in Chromium, with playwright-core. `drive` in tests/end_to_end/clients.py starts it as
//   node page.js SCRIPT.js ARGUMENTS-AS-JSON
// with PATH, HOME and CHROMIUM (the browser and its options, as JSON) in the environment. A script is a function of a page,
// the arguments, and what the page complained about so far; it returns what the test in Python is to look at:
//   module.exports = async (page, { url }) => { await page.goto(url); return await page.title(); };
// Standard output is one line of JSON: {result, complaints} or {error, complaints, page}.
'use strict';

const path = require('node:path');

const PATIENCE_MS = 60000;  // for each step: a browser on a busy machine is slow

function load() {
  try {
    return require('playwright-core').chromium;
  } catch {
    throw new Error('playwright-core is not installed: tools/install-packages test');
  }
}

// What a person would see in the console: messages of the browser (also of its security policies), errors of scripts.
function complaintsOf(context) {
  const complaints = [];
  context.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(`${message.location().url}: ${message.text()}`);
  });
  context.on('weberror', (error) => complaints.push(`${error.error()}`));
  return complaints;
}

async function main(script, options) {
  const [executablePath, ...args] = JSON.parse(process.env.CHROMIUM);
  const browser = await load().launch({ executablePath, args, chromiumSandbox: false });
  let complaints = [];
  let page;
  try {
    const context = await browser.newContext({ acceptDownloads: true });
    context.setDefaultTimeout(PATIENCE_MS);
    complaints = complaintsOf(context);
    page = await context.newPage();
    const result = await require(path.resolve(script))(page, options, complaints);
    return { result: result ?? null, complaints };
  } catch (error) {
    const seen = page && await page.content().catch(() => '');
    return { error: `${error.stack}`, complaints, page: seen };
  } finally {
    await browser.close();
  }
}

main(process.argv[2], JSON.parse(process.argv[3])).then((outcome) => {
  process.stdout.write(JSON.stringify(outcome) + '\n');
});
