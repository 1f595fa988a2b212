// Uploads from a listing: chosen, dropped, in folders, slowed, cancelled, refused, tried again.
'use strict';

const file = (name, content) => ({ name, mimeType: 'text/html', buffer: Buffer.from(content) });

const lineOf = (page, name) => page.locator('.uploads li').filter({ hasText: name });

async function ended(page, title) {
  await page.locator('.uploads h2', { hasText: title }).waitFor();
}

async function listed(page, name) {
  await page.locator('#files').getByRole('link', { name, exact: true }).waitFor();
}

async function choose(page) {
  // What has the focus keeps it when the list comes anew.
  await page.getByRole('link', { name: 'old.txt' }).focus();
  await page.setInputFiles('#file', ['one.html', 'two & 2%.txt', 'drei ß.txt'].map((name) => file(name, `chosen ${name}`)));
  await ended(page, '3 files uploaded');
  await listed(page, 'drei ß.txt');
  const focused = await page.evaluate(() => document.activeElement.textContent);
  await page.setInputFiles('#file', [file('one.html', 'another')]);
  await ended(page, '1 file uploaded');
  return { focused, renamed: await lineOf(page, 'one.html').locator('.note').textContent() };
}

async function drop(page) {
  const transfer = await page.evaluateHandle(() => {
    const data = new DataTransfer();
    for (const name of ['a.txt', 'b.txt', 'c.txt']) data.items.add(new File([`dropped ${name}`], name, { type: 'text/plain' }));
    return data;
  });
  await page.dispatchEvent('#listing', 'dragenter', { dataTransfer: transfer });
  const invited = await page.locator('.veil').isVisible();
  await page.dispatchEvent('#listing', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('#listing', 'drop', { dataTransfer: transfer });
  await ended(page, '3 files uploaded');
  await listed(page, 'c.txt');
  return { invited, veiled: await page.locator('.veil').isVisible() };
}

// As from the desktop: with folders.
async function dropFolder(page, client, path, title) {
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ['dragEnter', 'dragOver', 'drop']) await client.send('Input.dispatchDragEvent', { type, x: 200, y: 200, data });
  await lineOf(page, 'deep.txt').waitFor();
  await ended(page, title);
  return { remark: await page.locator('.remark').textContent(), lines: await page.locator('.uploads li').allTextContents() };
}

const limit = (client, uploadThroughput) =>
  client.send('Network.emulateNetworkConditions', { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput });

async function cancel(page, client) {
  await limit(client, 1000000);
  const large = Buffer.alloc(8000000, 'x').toString();
  await page.setInputFiles('#file', [file('stays.bin', large), file('goes.bin', large)]);
  const bar = lineOf(page, 'stays.bin').getByRole('progressbar');
  const value = () => bar.evaluate((element) => element.value);
  const values = [];
  for (let last = 0; values.length < 3; last = values.at(-1)) {
    await page.waitForFunction((least) => document.querySelector('.uploads li progress').value > least, last);
    values.push(await value());
  }
  await page.locator('.uploads .all .note', { hasText: '/s · ' }).waitFor();
  const pace = await page.locator('.uploads .all .note').textContent();
  await page.getByRole('button', { name: 'Cancel goes.bin' }).click();
  await page.locator('[data-state=cancelled]', { hasText: 'goes.bin' }).waitFor();
  await limit(client, -1);
  await ended(page, '1 file uploaded, 1 cancelled');
  await listed(page, 'stays.bin');
  return { values, pace, listed: await page.locator('#files').getByRole('link', { name: 'goes.bin' }).count() };
}

async function refuse(page) {
  await page.setInputFiles('#file', [file('.hidden', 'x'), file('huge.bin', Buffer.alloc(13000000, 'x').toString())]);
  await ended(page, '0 files uploaded, 2 failed');
  const notes = {};
  for (const name of ['.hidden', 'huge.bin']) notes[name] = await lineOf(page, name).locator('.note').textContent();
  return notes;
}

async function retry(page, complaints) {
  const before = complaints.length;
  await page.context().setOffline(true);
  await page.setInputFiles('#file', [file('again.txt', 'at last')]);
  await ended(page, '0 files uploaded, 1 failed');
  const note = await lineOf(page, 'again.txt').locator('.note').textContent();
  const spoken = await page.locator('#progress > p.spoken').textContent();
  await page.context().setOffline(false);
  await page.getByRole('button', { name: 'Retry again.txt' }).click();
  await ended(page, '1 file uploaded');
  await listed(page, 'again.txt');
  // The browser's own words about the line that was cut.
  complaints.splice(before, complaints.length, ...complaints.slice(before).filter((text) => !text.includes('ERR_INTERNET_DISCONNECTED')));
  return { note, spoken };
}

module.exports = async (page, { url, flat, tree }, complaints) => {
  const client = await page.context().newCDPSession(page);
  await client.send('Network.enable');
  await page.goto(url);
  const seen = {};
  seen.choose = await choose(page);
  seen.drop = await drop(page);
  seen.folder = await dropFolder(page, client, tree, '3 files uploaded');
  seen.cancel = await cancel(page, client);
  seen.retry = await retry(page, complaints);
  const before = complaints.length;
  seen.refuse = await refuse(page);
  await page.goto(flat);
  seen.flat = await dropFolder(page, client, tree, '0 files uploaded, 3 failed');
  // The browser says of each refusal that it was one.
  seen.refusals = complaints.splice(before).map((text) => text.match(/status of (\d+)/)?.[1] ?? text);
  return seen;
};
