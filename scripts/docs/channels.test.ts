import { loadAllYaml } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { isRecord } from '../../program/is-record.ts'
import { checkBySchema } from '../../api/read-schema.ts'
import { minimalExample } from '../../api/v1alpha1/examples.ts'
import { channelKind, specSchema, type RealtimeChannelSpec } from '../../api/v1alpha1/realtime-channel.ts'
import { codeBlocks, readPages } from './pages.ts'

/** Channels that the pages show, whole ones and pieces of their `spec`: an API server would accept each. */

type Fields = Readonly<Record<string, unknown>>

/** Puts a piece of a spec in its place in another spec. */
function merged(base: unknown, piece: unknown): unknown {
  if (!isRecord(base) || !isRecord(piece)) return piece
  return { ...base, ...Object.fromEntries(Object.entries(piece).map(([name, value]) => [name, merged(base[name], value)])) }
}

const shown = readPages()
  .flatMap(codeBlocks)
  .filter(({ language }) => language === 'yaml')
  .flatMap(({ page, line, code }) =>
    /^kind: RealtimeChannel$|^spec:$/m.test(code) ? loadAllYaml(code).map((document: unknown) => ({ page, line, document })) : [],
  )
  .filter(({ document }) => isRecord(document) && (document['kind'] === channelKind || Object.keys(document).join() === 'spec'))

describe('a channel that a page shows', () => {
  it.each(shown)('is valid to the API server: $page:$line', ({ document }) => {
    const spec = (document as { readonly spec: Fields }).spec // checked above
    // The schema also checks what a reader may have got wrong.
    const whole = (isRecord(document) && document['kind'] === channelKind
      ? spec
      : merged(minimalExample.spec, spec)) as unknown as RealtimeChannelSpec
    expect(checkBySchema(specSchema, whole, 'spec')).toEqual([])
  })

  it('is found on more than two pages', () => {
    expect(new Set(shown.map(({ page }) => page)).size).toBeGreaterThan(2)
  })
})
