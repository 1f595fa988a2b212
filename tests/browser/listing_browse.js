// A folder's listing as somebody looks around in it: into a folder and back, sorted, filtered.
'use strict';

const shownNames = (page) => page.locator('#files tbody tr:not(.up):visible th').allTextContents();

module.exports = async (page, { url }) => {
  const seen = {};
  await page.goto(url);
  seen.home = await shownNames(page);
  await page.getByRole('link', { name: 'Size' }).click();
  await page.waitForURL(/sort=size/);
  seen.largestFirst = await shownNames(page);
  await page.getByRole('link', { name: 'Size' }).click();
  await page.waitForURL(/order=asc/);
  seen.smallestFirst = await shownNames(page);
  await page.getByRole('searchbox').fill('PTER 1');
  seen.filtered = await shownNames(page);
  seen.count = await page.locator('#count').textContent();
  await page.getByRole('searchbox').fill('');
  seen.unfiltered = await shownNames(page);
  await page.getByRole('link', { name: 'photos' }).click();
  await page.waitForURL(/photos\/$/);
  seen.photos = await shownNames(page);
  await page.getByRole('navigation').getByRole('link', { name: 'Home' }).click();
  await page.waitForURL(url);
  seen.homeAgain = await shownNames(page);
  return seen;
};
