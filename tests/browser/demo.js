// The demo site's buttons, which send requests and show the answers.
'use strict';

module.exports = async (page, { url }) => {
  const shown = {};
  await page.goto(url);
  for (const label of ['GET again, if changed', 'DELETE']) {
    await page.getByRole('button', { name: label, exact: true }).click();
    await page.locator('#answer b').waitFor();
    const request = label.split(' ')[0];
    await page.waitForFunction(
      (wanted) => document.getElementById('answer').textContent.startsWith(wanted), `${request} /data/planets.json`);
    shown[label] = await page.locator('#answer').textContent();
  }
  return shown;
};
