// A listing whose entries have hostile names. Whatever a name does, a script of it would make itself known in the title.
'use strict';

module.exports = async (page, { url, uploads }) => {
  const requests = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await page.goto(url);
  const title = await page.title();
  const rowsBefore = await page.locator('#files tbody tr').count();
  const uploaded = uploads.map((name) => ({ name, mimeType: 'text/html', buffer: Buffer.from('uploaded') }));
  await page.setInputFiles('#file', uploaded);
  await page.locator('.uploads h2', { hasText: `${uploads.length} files uploaded` }).waitFor();
  await page.waitForFunction((count) => document.querySelectorAll('#files tbody tr').length === count, rowsBefore + uploads.length);
  const rows = await page.locator('#files tbody tr').evaluateAll((found) => Promise.all(found.map(async (row) => {
    const link = row.querySelector('a[href]');
    const content = link && await (await fetch(link.href)).text();
    return { text: row.cells[0].textContent, content, elements: row.cells[0].querySelectorAll('*:not(a, bdi, span)').length };
  })));
  // The question names it too.
  const buttons = await page.locator('#files button.delete').all();
  for (const button of buttons) {
    await button.click();
    await page.locator('dialog').getByRole('button', { name: 'Cancel' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
  }
  return { before: title, after: await page.title(), hacked: await page.evaluate(() => typeof window.hacked), requests, rows };
};
