import { BlockList } from 'node:net'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isInNetwork, parseIp } from './ip-address.ts'
import { portOf, proxyOf } from './proxy-of.ts'

const httpsProxy = 'http://proxy.example.com:3128'

const isProxied = (uri: string, ...noProxy: readonly string[]): boolean => proxyOf(uri, { httpsProxy, noProxy }) !== null

describe('the proxy of a URI', () => {
  it('is that of its scheme', () => {
    const proxies = { httpsProxy, httpProxy: 'http://plain.example.com' }
    expect(proxyOf('https://sso.example.com/keys', proxies)).toBe(httpsProxy)
    expect(proxyOf('http://sso.example.com/keys', proxies)).toBe('http://plain.example.com')
    expect(proxyOf('http://sso.example.com/keys', { httpsProxy })).toBe(null)
    expect(proxyOf('https://sso.example.com/keys', undefined)).toBe(null)
    expect(proxyOf('no uri', proxies)).toBe(null)
  })

  it.each([
    ['https://sso.example.com/keys', 'sso.example.com'],
    ['https://sso.example.com/keys', 'example.com'],
    ['https://sso.example.com/keys', '.example.com'],
    ['https://sso.example.com/keys', '*.example.com'],
    ['https://SSO.Example.com./keys', 'sso.EXAMPLE.com'],
    ['https://sso.example.com/keys', '*'],
    ['https://sso.example.com/keys', 'sso.example.com:443'],
    ['https://sso.example.com:8443/keys', 'example.com:8443'],
    ['https://keycloak.sso.svc/keys', 'svc'],
    ['https://10.1.2.3/keys', '10.0.0.0/8'],
    ['https://10.1.2.3/keys', '10.1.2.3'],
    ['https://10.1.2.3:8443/keys', '10.1.2.3:8443'],
    ['https://[fd00::12]/keys', 'fd00::/8'],
    ['https://[fd00::12]/keys', 'fd00:0::12'],
    ['https://[fd00::12]:8443/keys', '[fd00::12]:8443'],
  ])('is none for %s with noProxy %s', (uri, entry) => {
    expect(isProxied(uri, entry)).toBe(false)
  })

  it.each([
    ['https://sso.example.com/keys', 'o.example.com'],
    ['https://sso.example.com.evil.test/keys', 'sso.example.com'],
    ['https://sso.example.com/keys', 'sso.example.com:8443'],
    ['https://sso.example.com/keys', '10.0.0.0/8'],
    ['https://11.1.2.3/keys', '10.0.0.0/8'],
    ['https://10.1.2.3/keys', '2.3'],
    ['https://[fd00::12]/keys', 'fe00::/8'],
    ['https://[fd00::12]/keys', '0.0.0.0/0'],
    ['https://[fd00::12]:8443/keys', '[fd00::12]:443'],
    ['https://10.1.2.3/keys', '10.0.0.0/33'],
    ['https://10.1.2.3/keys', '10.0.0.0/'],
  ])('is there for %s with noProxy %s', (uri, entry) => {
    expect(isProxied(uri, entry)).toBe(true)
  })

  it.each(['https://localhost/', 'https://keys.localhost/', 'https://127.0.0.1:8443/', 'https://127.1.2.3/', 'https://[::1]/'])(
    'is none for %s, which is this machine',
    (uri) => {
      expect(isProxied(uri)).toBe(false)
    },
  )
})

it('the port of a URL is known, also when its scheme implies it', () => {
  expect(['https://a', 'http://a/', 'http://a:8080/x', 'https://[::1]:8443', 'sasl://a', 'a'].map(portOf)).toEqual([
    443,
    80,
    8080,
    8443,
    null,
    null,
  ])
})

describe('a network', () => {
  const address = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom('10.0.0.1', '10.255.255.255', '11.0.0.0', 'fd00::', 'fdff::1', '::ffff:10.0.0.1'),
  )
  const familyOf = (text: string): 'ipv4' | 'ipv6' => (text.includes(':') ? 'ipv6' : 'ipv4')

  it('has the addresses that Node.js says it has', () => {
    fc.assert(
      fc.property(address, address, fc.nat(128), (one, base, length) => {
        const family = familyOf(base)
        const fitting = family === 'ipv4' ? length % 33 : length
        // A list of Node.js takes an address of IPv4 for its form in IPv6, which a network here does not.
        fc.pre(familyOf(one) === family && ![one, base].some((text) => text.toLowerCase().startsWith('::ffff:')))
        const oracle = new BlockList()
        oracle.addSubnet(base, fitting, family)
        const parsed = parseIp(one)
        expect(parsed !== null && isInNetwork(parsed, `${base}/${fitting}`)).toBe(oracle.check(one, family))
      }),
      { numRuns: 1_000 },
    )
  })

  it.each(['', 'a', '1.2.3', '256.0.0.1', '1.2.3.4.5', ':::', 'fd00::g', '[::1', '1.2.3.4:80'])('no address is made of %j', (text) => {
    expect(parseIp(text)).toBe(null)
  })
})
