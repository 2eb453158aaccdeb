import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readResumePoint } from './resume-point.ts'

const id = (cursor: string) => ({ cursor, cursorFrom: 'last-event-id' })
const asked = (cursor: string | null) => ({ cursor, cursorFrom: 'cursor' })

describe('readResumePoint', () => {
  it.each([
    ['nothing', undefined, '', asked(null)],
    ['an empty header', '', '', asked(null)],
    ['an empty header beside a cursor', '', 'cursor=c', asked('c')],
    ['an empty cursor', undefined, 'cursor=', asked('')],
    ['a cursor', undefined, 'other=1&cursor=a%2Db', asked('a-b')],
    ['the header', 'h', '', id('h')],
    ['the header, the parameter and the cursor', 'h', 'lastEventId=q&cursor=c', id('h')],
    ['the parameter and the cursor', undefined, 'cursor=c&lastEventId=q', id('q')],
    ['the parameter and cursor=latest', undefined, 'lastEventId=q&cursor=latest', id('q')],
    ['an empty parameter beside a cursor', undefined, 'cursor=c&lastEventId=', asked('c')],
    ['an empty parameter alone', undefined, 'lastEventId=', asked(null)],
    ['an empty header beside the parameter', '', 'lastEventId=q', id('q')],
    ['the name that Mercure gives the parameter', undefined, 'lastEventID=q', id('q')],
    ['the name of the header as a parameter', undefined, 'Last-Event-ID=q', id('q')],
    ['the name of an older polyfill', undefined, 'evs_last_event_id=q&evs_preamble', id('q')],
    ['a parameter that was appended a second time', undefined, 'lastEventId=old&lastEventId=new', id('new')],
    ['a cursor that was appended a second time', undefined, 'cursor=latest&cursor=new', asked('new')],
    ['an id that is repeated and empty at last', undefined, 'lastEventId=old&lastEventId=', id('old')],
    ['a cursor with short ones behind it', undefined, 'cursor=c&cursors=short.1-2ab.3-4cd', asked('c.1-2ab.3-4cd')],
    ['a cursor that the client has put together itself', undefined, 'cursor=c.1-2ab&cursors=short', asked('c.1-2ab')],
    ['short cursors before their whole one', undefined, 'cursors=short.1-2ab&cursor=c', asked('c.1-2ab')],
    ['short cursors that were appended a second time', undefined, 'cursor=c&cursors=short.1-2ab&cursors=short', asked('c')],
    ['short cursors of a client that wants whole ones', undefined, 'cursor=c&cursors=full.1-2ab', asked('c')],
    ['short cursors without a whole one', undefined, 'cursors=short.1-2ab', asked(null)],
    ['the parameter and short cursors', undefined, 'lastEventId=q&cursor=c&cursors=short.1-2ab', id('q')],
    ['the header and short cursors', 'h', 'cursor=c&cursors=short.1-2ab', id('h')],
    ['names that only resemble the parameters', undefined, 'Cursor=a&lastEvent=b&xlastEventId=c', asked(null)],
  ])('reads %s', (_what, header, query, point) => {
    expect(readResumePoint(header, new URLSearchParams(query))).toEqual(point)
  })

  it('prefers the header to the parameter and the parameter to the cursor, in any order', () => {
    const text = fc.string({ minLength: 1, maxLength: 20, unit: 'binary' }).filter((value) => value.isWellFormed())
    const others = fc.array(fc.tuple(fc.constantFrom('a', 'curso', 'lastEventIds'), fc.string({ maxLength: 5 })), { maxLength: 4 })
    const requests = fc.record({
      header: fc.option(text),
      parameter: fc.option(text),
      cursor: fc.option(text),
      before: others,
      after: others,
    })
    fc.assert(
      fc.property(requests, ({ header, parameter, cursor, before, after }) => {
        const own = [...(cursor === null ? [] : [['cursor', cursor]]), ...(parameter === null ? [] : [['lastEventId', parameter]])]
        const query = new URLSearchParams(new URLSearchParams([...before, ...own, ...after]).toString())
        const expected = header !== null ? id(header) : parameter !== null ? id(parameter) : asked(cursor)
        expect(readResumePoint(header ?? undefined, query)).toEqual(expected)
      }),
    )
  })
})
