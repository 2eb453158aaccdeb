import { describe, expect, it } from 'vitest'
import { newConnection } from './connection-model.ts'
import { identityOfToken, samplePeople } from './identities.ts'
import { readStored, renderStored } from './stored.ts'
import { emptyDraft } from './testing/drafts.ts'

const [ada] = samplePeople
const filters = [{ prefix: { type: 'order.' } }]
const pasted = identityOfToken('a.b.c')

describe('what outlives a reload', () => {
  it('is who there was, who was connected, how far they were, and what was typed', () => {
    expect(ada).toBeDefined()
    const connections = samplePeople
      .slice(0, 1)
      .map((identity) => ({ ...newConnection({ id: 1, identity, transport: 'sse', cursor: 'c7', filters }), received: 5 }))
    const stored = readStored(
      renderStored({
        identities: samplePeople,
        connections,
        browserIdentity: ada ?? null,
        draft: { ...emptyDraft, payload: '{ "typed":' },
      }),
    )
    expect(stored).toMatchObject({
      identities: samplePeople,
      browserIdentity: ada,
      draft: { ...emptyDraft, payload: '{ "typed":' },
      connections: [{ identity: ada, transport: 'sse', cursor: 'c7', filters }],
    })
  })

  it('is never a token', () => {
    const identities = pasted === null ? [] : [pasted]
    const connections = identities.map((identity) => newConnection({ id: 1, identity, transport: 'auto', cursor: null, filters: null }))
    const text = renderStored({ identities, connections, browserIdentity: null, draft: emptyDraft })
    expect(identities).toHaveLength(1)
    expect(text).not.toContain('a.b.c')
  })

  it('is ignored when another program wrote it', () => {
    expect([null, '', '{', 'null', '{}', '{"version":1}'].map(readStored)).toEqual(Array(6).fill(null))
  })
})
