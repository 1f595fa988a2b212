// DokuWiki, from its installer to a page with a picture.
'use strict';

async function setUp(page, url) {
  await page.goto(`${url}/install.php`);
  await page.locator('[name="d[title]"]').fill('A wiki');
  await page.locator('[name="d[superuser]"]').fill('admin');
  await page.locator('[name="d[fullname]"]').fill('An Administrator');
  await page.locator('[name="d[email]"]').fill('admin@example.com');
  await page.locator('[name="d[password]"]').fill('Secret-1');
  await page.locator('[name="d[confirm]"]').fill('Secret-1');
  await page.locator('button[type="submit"][name="submit"], input[type="submit"]').last().click();
  await page.getByText('was finished successfully').waitFor();
}

async function logIn(page, url) {
  await page.goto(`${url}/doku.php?id=start&do=login`);
  await page.locator('#dokuwiki__content [name="u"]').fill('admin');
  await page.locator('#dokuwiki__content [name="p"]').fill('Secret-1');
  await page.locator('#dokuwiki__content button[type="submit"]').click();
  await page.getByText('Logged in as').waitFor();
}

async function upload(page, url, picture) {
  await page.goto(`${url}/doku.php?id=start&do=media&ns=&tab_files=upload`);
  await page.locator('input[type="file"]').setInputFiles(picture);
  await page.getByRole('button', { name: 'Upload', exact: true }).click();
  await page.locator('.qq-upload-success, .success').first().waitFor();
}

async function edit(page, url) {
  await page.goto(`${url}/doku.php?id=start&do=edit`);
  await page.locator('#wiki__text').fill('====== Start ======\n\nEdited in a browser: \u00fc <b>\n\n{{:picture.png}}\n');
  await page.locator('button[name="do[save]"]').click();
  await page.getByRole('heading', { name: 'Start' }).waitFor();
}

module.exports = async (page, { url, picture }) => {
  await setUp(page, url);
  await logIn(page, url);
  await upload(page, url, picture);
  await edit(page, url);
  const image = page.locator('#dokuwiki__content img.media').first();
  await image.waitFor();
  return {
    text: await page.locator('#dokuwiki__content').innerText(),
    picture: await image.evaluate((element) => [element.naturalWidth, element.naturalHeight]),
  };
};
