import { expect, it } from 'vitest'
import { findViolations } from './accessibility.ts'
import { launchBrowser } from './browser.ts'

it('finds faint text, missing labels, wrong references, duplicate ids, skipped headings, faint placeholders and small targets', async () => {
  const browser = await launchBrowser()
  try {
    const page = await browser.newPage()
    await page.setContent(`<!doctype html><html lang="en"><title>Faults</title><main><h1>Faults</h1><h3>Too deep</h3>
      <p style="color: #999">faint</p><input id="unnamed" style="width: 100px; height: 30px">
      <p id="twice"></p><p id="twice"></p><button aria-labelledby="nowhere" style="width: 40px; height: 40px"></button>
      <style>#hint::placeholder { color: #bbb; opacity: 1 }</style>
      <label>Hint <input id="hint" placeholder="faint" style="height: 30px"></label>
      <button style="width: 20px; height: 20px; padding: 0">x</button></main></html>`)
    const found = (await findViolations(page)).join('\n')
    for (const fault of [
      /^color-contrast: p/m,
      /^label: #unnamed/m,
      /^button-name: /m,
      /^duplicate-id: p/m,
      /^heading-order: h3/m,
      /^placeholder of #hint: 1\.\d\d$/m,
      /^BUTTON# x: 20 x 20$/m,
    ])
      expect(found).toMatch(fault)
  } finally {
    await browser.close()
  }
})
