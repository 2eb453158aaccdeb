import { afterEach, describe, expect, it, vi } from 'vitest'
import { cookieIdentity, identityOfClaims, identityOfToken } from './identities.ts'
import { obtainToken, signBrowserIn } from './tokens.ts'

const ada = identityOfClaims({ user_id: 'u1', roles: ['admin'] }, 60)

function answer(status: number, body: object): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(async (_url: string, _init: RequestInit) => new Response(JSON.stringify(body), { status }))
  vi.stubGlobal('fetch', fetch)
  return fetch
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('obtainToken', () => {
  it('has claims signed, with an end', async () => {
    vi.useFakeTimers({ now: 1_000_000 })
    const fetch = answer(200, { token: 'a.b.c' })
    expect(await obtainToken(ada)).toBe('a.b.c')
    expect(fetch.mock.calls[0]?.[0]).toBe('/dev/token')
    expect(JSON.parse(String(Object(fetch.mock.calls[0]?.[1]).body))).toEqual({ user_id: 'u1', roles: ['admin'], exp: 1060 })
  })

  it('gives a pasted token as it is, and nothing for the cookie', async () => {
    const fetch = answer(200, {})
    const pasted = identityOfToken('a.b.c')
    expect(await obtainToken(pasted ?? cookieIdentity)).toBe('a.b.c')
    expect(await obtainToken(cookieIdentity)).toBeNull()
    expect(fetch).not.toHaveBeenCalled()
  })

  it('passes on why nothing was signed', async () => {
    answer(400, { detail: 'The claim user_id must be longer.' })
    await expect(obtainToken(ada)).rejects.toThrow('No token for u1 · admin: The claim user_id must be longer.')
    answer(404, {})
    await expect(obtainToken(ada)).rejects.toThrow('HTTP 404')
  })
})

describe('signBrowserIn', () => {
  it('sets the cookie for the whole site, and for as long as the token lasts', async () => {
    answer(200, { token: 'a.b.c' })
    const document = { cookie: '' }
    vi.stubGlobal('document', document)
    await signBrowserIn(ada, 'cs_jwt')
    expect(document.cookie).toBe('cs_jwt=a.b.c; path=/; SameSite=Strict; max-age=60')
  })
})
