import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classExample } from '../../api/v1alpha1/examples.ts'
import { readClassFile } from './class-file.ts'

let directory = ''
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'class-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function read(text: string): Promise<ReturnType<typeof readClassFile>> {
  const file = join(directory, 'class.json')
  await writeFile(file, text)
  return readClassFile(file)
}

describe('the class in a file', () => {
  it('is null without a file', () => {
    expect(readClassFile('')).toEqual({ ok: true, value: null })
  })

  it('is the class of the file', async () => {
    expect(await read(JSON.stringify(classExample))).toMatchObject({
      ok: true,
      value: { name: 'edge', bounds: { hosts: ['*.apps.example.com'] } },
    })
  })

  it.each([
    ['is not there', null, 'no such file'],
    ['is no JSON', 'a: b', 'is not valid JSON'],
    ['is of another kind', '{"kind":"IngressClass"}', 'It is not a RealtimeChannelClass of carillon.dev/v1alpha1 with a name.'],
    [
      'has a bound that the API server refuses',
      JSON.stringify({ ...classExample, spec: { allowed: { maxReplicas: 0 } } }),
      'spec.allowed.maxReplicas: expected a whole number from 1 to 1000',
    ],
    [
      'has an unknown field',
      JSON.stringify({ ...classExample, spec: { allowed: { maxreplicas: 1 } } }),
      'spec.allowed.maxreplicas: is not known',
    ],
    [
      'has a value of another type',
      JSON.stringify({ ...classExample, spec: { allowed: { hosts: 'a' } } }),
      'spec.allowed.hosts is "a"; expected a list',
    ],
    [
      'has an ambiguous pattern',
      JSON.stringify({ ...classExample, spec: { allowed: { topics: ['NAMESPACE-*'] } } }),
      'NAMESPACE-* may give one thing to two namespaces',
    ],
    [
      'has defaults that exclude each other',
      JSON.stringify({ ...classExample, spec: { defaults: { route: { type: 'HTTPRoute', className: 'traefik' } } } }),
      'spec.defaults.route.className: className belongs to an Ingress',
    ],
  ])('is refused at start when it %s', async (_title, text, sentence) => {
    const outcome = text === null ? readClassFile(join(directory, 'missing.json')) : await read(text)
    expect(outcome.ok ? '' : outcome.error).toContain(sentence)
  })
})
