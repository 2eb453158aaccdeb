import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { expect, it } from 'vitest'
import { audience, createIdentity, createSigningKey, issuer } from './identity.ts'

// Our own JSON, which holds a key set.
const keysOf = (jwks: string) => createLocalJWKSet(JSON.parse(jwks) as JSONWebKeySet)

it('signs tokens that its key set verifies, with the claims that are asked for', async () => {
  const identity = createIdentity(createSigningKey(), Date.now)
  const { payload } = await jwtVerify(identity.token({ user_id: 'ada', exp: undefined, aud: [audience, 'other'] }), keysOf(identity.jwks), {
    issuer,
    audience,
  })
  expect(payload).toMatchObject({ user_id: 'ada', aud: [audience, 'other'] })
  expect(payload.exp).toBeUndefined()
})

it('is the same identity with the same key, and another with another', async () => {
  const key = createSigningKey()
  const [one, same, other] = [createIdentity(key, Date.now), createIdentity(key, Date.now), createIdentity(createSigningKey(), Date.now)]
  expect(same.jwks).toBe(one.jwks)
  await expect(jwtVerify(other.token({}), keysOf(one.jwks))).rejects.toThrow('no applicable key found')
})

it('gives tokens an end', async () => {
  const identity = createIdentity(createSigningKey(), () => 1_000_000)
  expect(JSON.parse(Buffer.from(identity.token({}, 60).split('.')[1] ?? '', 'base64url').toString())).toMatchObject({
    iat: 1000,
    exp: 1060,
  })
})

it('never publishes the private part of its key', () => {
  expect(createIdentity(createSigningKey(), Date.now).jwks).not.toContain('"d"')
})
