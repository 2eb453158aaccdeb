import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readOption } from '../../program/options/read-option.ts'
import { options } from '../config/options.ts'
import { refuseHost, refuseOrigin } from './origin-refusal.ts'

const stage = 'https://stage.foo.redhat.com:1337'

describe('a request whose Host names another machine', () => {
  it('names both settings when its page is of another machine, too', () => {
    expect(refuseHost(stage)).toMatchObject({
      type: 'origin-forbidden',
      detail: expect.stringMatching(/`changeOrigin: true`.*ALLOWED_ORIGINS=https:\/\/stage\.foo\.redhat\.com:1337,/),
    })
  })

  it.each([null, 'http://localhost:3000', 'https://127.0.0.1', 'null', 'file://', 'chrome-extension://abc'])(
    'names only the setting of the proxy when its origin is %s',
    (origin) => {
      expect(refuseHost(origin).detail).toMatch(/`changeOrigin: true`/)
      expect(refuseHost(origin).detail).not.toContain('ALLOWED_ORIGINS')
    },
  )
})

describe('a page of an origin that is not allowed', () => {
  it('names the setting with its value in development mode, and without it in production', () => {
    expect(refuseOrigin(stage, { isDevelopment: true }).detail).toContain(`Start the gateway with ALLOWED_ORIGINS=${stage}.`)
    expect(refuseOrigin(stage, { isDevelopment: false }).detail).toBe('The origin is not allowed. Add it to ALLOWED_ORIGINS.')
  })

  it('names a value that the option accepts, or none, for every header', () => {
    const header = fc.oneof(
      fc.string(),
      fc.webUrl(),
      fc.constantFrom('HTTPS://ÜBER.example:443', `https://${'x'.repeat(400)}.example`, 'https://user:pass@a.example', 'http://[::1]:8000'),
    )
    fc.assert(
      fc.property(header, (origin) => {
        const [, value] = /ALLOWED_ORIGINS=(\S+)\.$/.exec(refuseOrigin(origin, { isDevelopment: true }).detail) ?? []
        expect(value === undefined || readOption(options.allowedOrigins, value, { readable: () => false }).ok).toBe(true)
      }),
    )
  })
})
