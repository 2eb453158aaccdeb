import { describe, expect, it } from 'vitest'
import { checkSend, renderSend } from './send-request.ts'
import { emptyDraft } from './testing/drafts.ts'

const draft = { ...emptyDraft, form: 'send', over: '2', type: ' chat.message ', payload: '{"text": "hi"}' } as const
let made = 0
const makeId = (): string => `made-${(made += 1)}`

describe('checkSend', () => {
  it('reads the draft into events with an id each, and the connection that sends them', () => {
    made = 0
    expect(checkSend({ ...draft, copies: '2' }, makeId)).toEqual({
      ok: true,
      connectionId: 2,
      sends: [
        { id: 'made-1', type: 'chat.message', data: { text: 'hi' } },
        { id: 'made-2', type: 'chat.message', data: { text: 'hi' } },
      ],
    })
  })

  it('keeps the id that the user gave, and numbers copies', () => {
    expect(checkSend({ ...draft, id: '7' }, makeId)).toMatchObject({ sends: [{ id: '7' }] })
    expect(checkSend({ ...draft, id: '7', copies: '2' }, makeId)).toMatchObject({ sends: [{ id: '7-1' }, { id: '7-2' }] })
  })

  it.each([
    [{ over: '' }, 'over'],
    [{ type: ' ' }, 'type'],
    [{ payload: '{' }, 'payload'],
    [{ copies: '0' }, 'copies'],
    [{ copies: '1.5' }, 'copies'],
  ])('names what is wrong with %j', (wrong, field) => {
    expect(checkSend({ ...draft, ...wrong }, makeId)).toEqual({ ok: false, problems: { [field]: expect.any(String) } })
  })
})

it('renderSend writes a line for a page, with the event as JSON', () => {
  const line = renderSend({ id: '1', type: 'chat.message', data: { text: "it's" } })
  const [, event = ''] = /^socket\.send\(JSON\.stringify\((.*)\)\)$/.exec(line) ?? []
  expect(JSON.parse(event)).toEqual({ specversion: '1.0', id: '1', source: '/page', type: 'chat.message', data: { text: "it's" } })
})
