import { afterEach, describe, expect, it, vi } from 'vitest'
import { type ConsoleAsset, loadConsole } from './load-console.ts'

const assets = await loadConsole({ channel: 'chrome-service', isDevelopment: true })
const textOf = (path: string): string => assets.get(path)?.body.toString() ?? `nothing at ${path}`
const scripts = [...assets].filter(([path]) => path.endsWith('.js'))

afterEach(() => {
  vi.restoreAllMocks()
})

describe('loadConsole', () => {
  it('serves the page, its style, and the modules of page, client and audience', () => {
    expect([...assets.keys()]).toEqual(
      expect.arrayContaining([
        '/console',
        '/console/style.css',
        '/console/app.js',
        '/console/client/send.js',
        '/console/audience/audience-matcher.js',
      ]),
    )
    expect(assets.get('/console')?.contentType).toBe('text/html; charset=utf-8')
    expect(assets.get('/console/style.css')?.contentType).toBe('text/css; charset=utf-8')
    expect(scripts.length).toBeGreaterThan(20)
    expect(new Set(scripts.map(([, { contentType }]) => contentType))).toEqual(new Set(['text/javascript; charset=utf-8']))
  })

  it('serves every module that a module imports', () => {
    const imported = scripts.flatMap(([, { body }]) => [...body.toString().matchAll(/from '([^']+)'/g)].map(([, specifier]) => specifier))
    expect(imported.length).toBeGreaterThan(40)
    expect(imported.filter((path) => path === undefined || !assets.has(path))).toEqual([])
  })

  it('serves JavaScript: no types, and no tests', () => {
    expect(
      scripts
        .filter(([, { body }]) => /^(import type|export interface|export type|interface) /m.test(body.toString()))
        .map(([path]) => path),
    ).toEqual([])
    expect([...assets.keys()].filter((path) => /test|double|harness/.test(path))).toEqual([])
  })

  it('keeps the lines of the source, so that what a browser reports can be found', () => {
    expect(
      textOf('/console/app.js')
        .split('\n')
        .findIndex((line) => line.includes('async function main()')),
    ).toBeGreaterThan(100)
  })

  it('has everything that the page refers to', () => {
    const referred = [...textOf('/console').matchAll(/(?:src|href)="(\/console[^"]*)"/g)].map(([, path]) => path)
    expect(referred).toEqual(['/console/style.css', '/console/app.js'])
  })

  it('tells the page the channel, the mode and the cookie, as text', async () => {
    const page = (await loadConsole({ channel: '"><script>alert(1)</script>&', isDevelopment: false, cookieName: "it's" }))
      .get('/console')
      ?.body.toString()
    expect(page).not.toContain('<script>alert')
    expect(page).toContain('data-channel="&#34;&#62;&#60;script&#62;alert(1)&#60;/script&#62;&#38;"')
    expect(page).toContain('data-mode="production"')
    expect(page).toContain('data-cookie="it&#39;s"')
    expect(page).not.toContain('{{')
    expect(textOf('/console')).toContain('data-mode="development"')
    expect(textOf('/console')).toContain('data-cookie="cs_jwt"')
  })

  it('tells the page where its channel is', async () => {
    expect(textOf('/console')).toContain('data-socket="/wss/chrome-service/v1/ws" data-api="/api/chrome-service/v1"')
    const page = (await loadConsole({ channel: 'a', socketPathPrefix: '/team/wss', apiPathPrefix: '/team/api', isDevelopment: false }))
      .get('/console')
      ?.body.toString()
    expect(page).toContain('data-socket="/team/wss/v1/ws" data-api="/team/api/v1"')
    expect(page).toContain('href="/team/api/v1/openapi.json"')
  })

  it('allows the page only its own origin, and no framing', () => {
    const policies = new Set([...assets.values()].map(({ headers }: ConsoleAsset) => headers['content-security-policy']))
    expect([...policies]).toEqual([
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    ])
    expect(new Set([...assets.values()].map(({ headers }) => headers['x-content-type-options']))).toEqual(new Set(['nosniff']))
  })

  it('has no inline script, no inline style and no inline handler', () => {
    const page = textOf('/console')
    expect([...page.matchAll(/<script(?![^>]* src=)/g)]).toEqual([])
    expect([...page.matchAll(/<style|\sstyle=|\son\w+=/g)]).toEqual([])
  })

  it("does not print Node's warning about stripping types, and leaves warnings as they were", async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning')
    await loadConsole({ channel: 'a', isDevelopment: true })
    expect(emitWarning).not.toHaveBeenCalled()
    expect(process.emitWarning).toBe(emitWarning)
  })
})
