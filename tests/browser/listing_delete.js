// Deletion from a listing: the question, its two answers, the way back, and a refusal.
'use strict';

const names = (page) => page.locator('#files tbody tr:not(.up) th').allTextContents();

module.exports = async (page, { url }, complaints) => {
  const seen = {};
  await page.goto(url);
  await page.getByRole('button', { name: 'Delete b.txt' }).click();
  const question = page.getByRole('dialog');
  seen.question = await question.textContent();
  await page.keyboard.press('Escape');
  await question.waitFor({ state: 'detached' });
  seen.kept = await names(page);
  seen.focusAfterNo = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));

  await page.keyboard.press('Enter');
  await question.getByRole('button', { name: 'Delete' }).click();
  const notice = page.locator('.notice');
  await notice.filter({ hasText: 'b.txt was deleted' }).waitFor();
  seen.deleted = await names(page);
  seen.focusAfterYes = await page.evaluate(() => document.activeElement.textContent);
  await page.keyboard.press('Enter');
  await notice.filter({ hasText: 'b.txt is back' }).waitFor();
  await page.getByRole('link', { name: 'b.txt' }).waitFor();
  seen.back = await names(page);

  const before = complaints.length;
  await page.getByRole('button', { name: 'Delete full' }).click();
  await question.getByRole('button', { name: 'Delete' }).click();
  await notice.filter({ hasText: 'was not deleted' }).waitFor();
  seen.refusal = await notice.locator('p').textContent();
  seen.refusals = complaints.splice(before).map((text) => text.match(/status of (\d+)/)?.[1] ?? text);
  return seen;
};
