// A listing without any script: sorted, filtered, and uploaded to by the form.
'use strict';

module.exports = async (page, { url }, complaints) => {
  const context = await page.context().browser().newContext({ javaScriptEnabled: false });
  context.on('console', (message) => complaints.push(message.text()));
  const plain = await context.newPage();
  const names = () => plain.locator('#files tbody tr:not(.up) th').allTextContents();
  const seen = {};
  await plain.goto(url);
  seen.buttons = await plain.locator('button').allTextContents();
  await plain.getByRole('link', { name: 'Size' }).click();
  seen.sorted = await names();
  await plain.getByRole('searchbox').fill('chapter');
  await plain.getByRole('button', { name: 'Filter' }).click();
  seen.filtered = await names();
  await plain.getByRole('link', { name: 'Show all' }).click();
  await plain.setInputFiles('#file', ['x', 'y'].map((name) => ({ name: `${name}.txt`, mimeType: 'text/plain', buffer: Buffer.from(`form ${name}`) })));
  await plain.getByRole('button', { name: 'Upload', exact: true }).click();
  seen.stored = await plain.locator('h1').textContent();
  seen.links = await plain.locator('li a').allTextContents();
  await plain.goto(url);
  seen.listed = await names();
  await context.close();
  return seen;
};
