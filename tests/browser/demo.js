// The demo site's buttons, which send requests and show the answers.
'use strict';

module.exports = async (page, { url }) => {
  const shown = {};
  // The page sends a first request by itself; its answer gives the validator that the second button uses.
  await page.goto(url);
  await page.locator('#answer b', { hasText: '200 OK' }).waitFor();
  for (const [label, status] of [['GET again, if changed', '304'], ['DELETE', '405']]) {
    await page.getByRole('button', { name: label, exact: true }).click();
    await page.locator('#answer b', { hasText: status }).waitFor();
    shown[label] = await page.locator('#answer').textContent();
  }
  return shown;
};
