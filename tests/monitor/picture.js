// Takes a picture of a page for the documents.
//
//     node picture.js URL FILE WIDTH HEIGHT light|dark
const puppeteer = require('puppeteer-core');

const [url, path, width, height, scheme] = process.argv.slice(2);
(async () => {
        const args = ['--disable-gpu', '--hide-scrollbars', '--disable-background-networking', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])];
        const browser = await puppeteer.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args});
        const page = await browser.newPage();
        await page.setViewport({width: Number(width), height: Number(height)});
        await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
        await page.goto(url, {waitUntil: 'load'});
        await page.screenshot({path});
        await browser.close();
})().catch(e => { console.log(e.message); process.exit(1); });
