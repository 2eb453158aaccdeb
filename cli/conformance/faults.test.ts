import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../../gateway/testing/test-gateway.ts'
import { type Fault, startFaultyServer } from '../testing/faulty-server.ts'
import { faults, rightReplies, withoutAuthentication } from '../testing/faults.ts'
import { createLab, type Subject } from './lab.ts'
import { profiles } from './profiles.ts'
import type { Rule, Verdict } from './rule.ts'

const origin = 'https://app.example.com'
let gateway: TestGateway
let token: string
beforeAll(async () => {
  gateway = await startTestGateway({ env: { HEARTBEAT_INTERVAL_MS: '1000', ALLOWED_ORIGINS: origin } })
  token = await gateway.token({ user_id: 'ann' })
})
afterAll(() => gateway.stop())

/** Checks one rule on a gateway behind a fault. */
async function check(rule: Rule, fault: Fault, changed: Partial<Subject> = {}): Promise<Verdict> {
  const server = await startFaultyServer(Number(new URL(gateway.url).port), fault)
  try {
    const at = (scheme: string, path: string): URL => new URL(`${scheme}://127.0.0.1:${server.port}${path}`)
    const lab = createLab({
      socket: at('ws', '/wss/chrome-service/v1/ws'),
      stream: at('http', '/api/chrome-service/v1/events'),
      emit: at('http', '/api/chrome-service/v1/events'),
      headers: {},
      token,
      emitToken: null,
      origin: null,
      extensions: { audience: '{"users":["ann"]}' },
      timeoutMs: 15_000,
      interrupted: new AbortController().signal,
      ...changed,
    })
    return await rule.check(lab)
  } finally {
    await server.close()
  }
}

const rules = Object.values(profiles).flatMap((profile) => profile.rules)
/** Settings without which a rule does not apply. */
const settingsOf = ({ id }: Rule): Partial<Subject> => (id === 'resume.close-codes' ? { origin } : {})
const rightServerOf = ({ id }: Rule): Fault => (id.startsWith('http.reply-') ? rightReplies : {})
const faultOf = ({ id }: Rule): Fault | undefined => (id === 'resume.without-token' ? withoutAuthentication(token) : faults[id])

describe('every rule of carillon conformance', () => {
  it('has one id, and a server that breaks it', () => {
    const ids = rules.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(Object.keys(faults).sort()).toEqual(ids.filter((id) => id !== 'resume.without-token').sort())
  })
})

describe.concurrent.each(rules)('the rule $id', (rule) => {
  it('passes on a server that keeps it', async () => {
    expect(await check(rule, rightServerOf(rule), settingsOf(rule))).toMatchObject({ status: 'pass' })
  })

  it('fails on a server that breaks it', async () => {
    const fault = faultOf(rule)
    expect(fault).toBeDefined()
    const verdict = await check(rule, fault ?? {}, settingsOf(rule))
    expect(verdict).toMatchObject({ status: 'fail' })
    // A server that is merely too slow does not show that the check finds the fault.
    expect(verdict.note).not.toMatch(/within \d+ ms|No answer|no answer/)
  })
})
