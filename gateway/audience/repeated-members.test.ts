import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { repeatsMember } from './repeated-members.ts'

const asked = (text: string, inside: string | null = null): boolean => repeatsMember(Buffer.from(text), JSON.parse(text), inside)

describe('repeatsMember', () => {
  it.each([
    ['{"roles":["a"],"roles":[]}', null],
    ['{"roles":["a"],"r\\u006fles":[]}', null],
    ['{"__proto__":1,"__proto__":2}', null],
    ['[{"a":1},{"a":1,"a":2}]', null],
    ['{"data":{"roles":["a"],"roles":[]}}', 'data'],
    ['{"d\\u0061ta":{"roles":["a"],"roles":[]}}', 'data'],
    ['{"audience":{"users":["a"]},"audience":"x"}', 'audience'],
    ['[{"audience":{"roles":["a"],"roles":[]}}]', 'audience'],
  ])('finds the second one in %s, also inside %s', (text, inside) => {
    expect(asked(text, inside)).toBe(true)
  })

  it.each([
    ['{"a":1,"b":{"a":1}}', null],
    ['{"a":"\\":\\":","b":[{"x":1},{"x":2}]}', null],
    ['{"payload":{"x":1,"x":2}}', 'data'],
    ['{"data":{"payload":{"x":1,"x":2}}}', 'data'],
    ['[{"a":1},{"a":2}]', null],
    ['7', null],
  ])('finds none in %s, inside %s', (text, inside) => {
    expect(asked(text, inside)).toBe(false)
  })

  it('finds none in the output of JSON.stringify, and one when a member is written once more', () => {
    fc.assert(
      fc.property(
        fc.jsonValue(),
        (value) => void expect([null, 'a'].map((inside) => asked(JSON.stringify(value), inside))).toEqual([false, false]),
      ),
    )
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (value) => {
        const [name = ''] = Object.keys(value)
        expect(asked(`${JSON.stringify(value).slice(0, -1)},${JSON.stringify(name)}:null}`)).toBe(true)
      }),
    )
  })
})
