import { describe, expect, it } from 'vitest'
import { createOriginPolicy, isLocalHost } from './origin-policy.ts'

const policy = (options: Partial<Parameters<typeof createOriginPolicy>[0]> = {}) =>
  createOriginPolicy({ allowedOrigins: [], allowAny: false, isDevelopment: false, ...options })

describe('createOriginPolicy', () => {
  const allowedOrigins = ['https://console.example.com', 'https://other.example.com:8443', 'http://10.0.0.1']

  it('allows the origins of the list', () => {
    expect(allowedOrigins.map(policy({ allowedOrigins }))).toEqual([true, true, true])
  })

  it.each([
    'http://console.example.com',
    'https://console.example.com:8443',
    'https://other.example.com',
    'https://evil.console.example.com',
    'https://example.com',
    'https://console.example.com.evil.com',
    'https://console.example.com@evil.com',
    'https://console.example.com.',
    'https://evil.com/https://console.example.com',
    'https://console.example.com/',
    'https://console.example.com?x',
    'https://console.example.com#x',
    'https:\\\\console.example.com',
    'https://console.example.com https://evil.com',
    ' https://console.example.com',
    'console.example.com',
    'https://',
    '*',
    '',
    'null',
    'http://localhost:8000',
    `https://console.example.com:${'0'.repeat(600)}443`,
  ])('refuses %j', (origin) => {
    expect(policy({ allowedOrigins })(origin)).toBe(false)
  })

  it('evens out case, default ports and international names, in the list and in the request', () => {
    expect(policy({ allowedOrigins: ['HTTPS://Console.Example.COM:443'] })('https://console.example.com')).toBe(true)
    expect(policy({ allowedOrigins })('https://CONSOLE.example.com:443')).toBe(true)
    expect(policy({ allowedOrigins: ['https://bücher.example'] })('https://xn--bcher-kva.example')).toBe(true)
  })

  it('compares the origins of apps that wrap a page, which URL.origin calls null', () => {
    const isAllowed = policy({ allowedOrigins: ['capacitor://localhost'] })
    expect(['capacitor://localhost', 'capacitor://elsewhere', 'ionic://localhost'].map(isAllowed)).toEqual([true, false, false])
  })

  it('allows requests without an Origin, which no script of a page can send across origins', () => {
    expect(policy()(null)).toBe(true)
  })

  it('allows any origin with allowAny, but never `null` or a text that is not an origin', () => {
    expect(['https://any.example', 'http://x:1', 'null', '', 'x'].map(policy({ allowAny: true }))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })

  it('allows all pages of this machine in development, and no others', () => {
    const isAllowed = policy({ isDevelopment: true })
    const local = ['http://localhost:8000', 'https://localhost', 'http://127.0.0.1:5173', 'https://[::1]:1337', 'http://LOCALHOST:3000']
    expect(local.map(isAllowed)).toEqual(local.map(() => true))
    const foreign = [
      'http://localhost.evil.com',
      'http://127.0.0.2',
      'http://evil.com:8000',
      'ftp://localhost',
      'http://localhost@evil.com',
      'null',
      'https://console.example.com',
    ]
    expect(foreign.map(isAllowed)).toEqual(foreign.map(() => false))
  })

  it('allows the list in development, too', () => {
    expect(policy({ isDevelopment: true, allowedOrigins })('https://console.example.com')).toBe(true)
  })

  it('throws at the start for an entry of the list that is not an origin', () => {
    expect(() => policy({ allowedOrigins: ['https://a.example', 'b.example'] })).toThrow(
      '"b.example" is not an origin. Write scheme://host',
    )
  })
})

describe('isLocalHost', () => {
  it('knows the names of this machine, with any port', () => {
    const hosts = ['localhost', 'localhost:8000', 'LocalHost:1', '127.0.0.1', '127.0.0.1:65535', '[::1]', '[::1]:8000']
    expect(hosts.map(isLocalHost)).toEqual(hosts.map(() => true))
  })

  it('refuses every other name, to any address that it resolves to', () => {
    const hosts = [
      null,
      undefined,
      '',
      'evil.com',
      'localhost.evil.com',
      'localhost:',
      'localhost:80:80',
      'localhost:123456',
      '127.0.0.1.nip.io',
      '127.0.0.2',
      '0.0.0.0',
      '::1',
      'localhost@evil.com',
      ' localhost',
    ]
    expect(hosts.map(isLocalHost)).toEqual(hosts.map(() => false))
  })
})
