// Opens pages in Chromium and looks for what a person would stumble over: errors in the console, requests elsewhere, violations of the accessibility rules of
// axe-core, text that runs out of the page. Writes a screenshot of each.
//
//     node look.js ORIGIN FOLDER WORLD [STATUS:]PATH…
//
// STATUS: of the answer that is right, 200 without it; Chromium says one from 400 on in its console.
//
// A line for each page and way of looking, "ok" or "not ok"; exit status 1 when one is not. Modules are found by NODE_PATH.
const puppeteer = require('puppeteer-core');
const axe = require('fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const [origin, folder, world, ...paths] = process.argv.slice(2);
const ways = [];
for (const width of [375, 1280])
        for (const scheme of ['light', 'dark'])
                ways.push({width, scheme});
// A4 without the usual margins, printed by who reads white on black.
ways.push({width: 718, scheme: 'dark', paper: true});

async function look(browser, what, way) {
        const [, status, path] = /^(?:(\d+):)?(.*)$/.exec(what);
        const page = await browser.newPage();
        const found = [];
        const kind = way.paper ? 'paper' : way.scheme;
        const said = m => status && m.location().url === origin + path && m.text().includes(`status of ${status}`);
        page.on('console', m => { if (['error', 'warn'].includes(m.type()) && !said(m)) found.push(`console: ${m.text()}`); });
        page.on('pageerror', e => found.push(`error: ${e.message}`));
        page.on('request', r => { if (!r.url().startsWith(origin)) found.push(`a request elsewhere: ${r.url()}`); });
        page.on('dialog', d => { found.push(`a dialog: ${d.message()}`); d.dismiss(); });
        await page.setViewport({width: way.width, height: 900});
        await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: way.scheme}]);
        if (way.paper)
                await page.emulateMediaType('print');
        const answer = await page.goto(origin + path, {waitUntil: 'load'});
        if (answer.status() !== Number(status || 200))
                found.push(`status ${answer.status()}`);
        if (!answer.headers()['content-security-policy'])
                found.push('no Content-Security-Policy');
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wide > 0)
                found.push(`wider than the page by ${wide} px`);
        const scripts = await page.evaluate(() => document.scripts.length + document.querySelectorAll('img,iframe,object').length);
        if (scripts > 0)
                found.push('an element that is not ours');
        const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
        if ((background === 'rgb(255, 255, 255)') !== (way.scheme === 'light' || way.paper === true))
                found.push(`the ${kind} page is ${background}: its style is not in force`);
        const hidden = await page.evaluate(() => [...document.querySelectorAll('.wide')].filter(e => getComputedStyle(e).display === 'none').length);
        if (hidden > 0 && way.width > 375)
                found.push(`${hidden} cells of columns are hidden`);
        await page.evaluate(axe);
        const result = await page.evaluate(() => axe.run(document, {resultTypes: ['violations']}));
        for (const v of result.violations)
                (['serious', 'critical'].includes(v.impact) ? found : []).push(`axe ${v.id} (${v.impact}): ${v.nodes.length}, as ${v.nodes[0].html.slice(0, 120)}`);
        const minor = result.violations.filter(v => !['serious', 'critical'].includes(v.impact)).map(v => v.id);
        const name = `${world}-${path.replace(/[^a-z0-9]+/gi, "_")}-${way.width}-${kind}`.replace(/_+/g, '_');
        const height = await page.evaluate(() => document.documentElement.scrollHeight);
        await page.screenshot({path: `${folder}/${name}.png`, clip: {x: 0, y: 0, width: way.width, height: Math.min(height, 2400)}, captureBeyondViewport: true});
        await page.close();
        console.log(`${found.length ? 'not ok' : 'ok'} - ${world} ${path} ${way.width} ${kind}${minor.length ? ` (minor: ${minor.join(', ')})` : ''}`);
        found.forEach(f => console.log(`# ${f}`));
        return found.length === 0;
}

(async () => {
        // Chromium has no sandbox of its own for root.
        const args = ['--disable-gpu', '--hide-scrollbars', '--disable-background-networking', ...(process.getuid() === 0 ? ['--no-sandbox'] : [])];
        const browser = await puppeteer.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', headless: true, args});
        let well = true;
        for (const path of paths)
                for (const way of ways)
                        well = await look(browser, path, way) && well;
        await browser.close();
        process.exit(well ? 0 : 1);
})().catch(e => { console.log(`not ok - ${e.message}`); process.exit(1); });
