import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readBaseImages, replaceBaseImages } from './base-images.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const dockerfile = read('Dockerfile')

describe('the images that the Dockerfile is built on', () => {
  it('each have a version and a digest, and no stage names another image', () => {
    const bases = readBaseImages(dockerfile)
    expect(bases.map(({ stage }) => stage)).toEqual(['node', 'debian'])
    expect(bases.filter(({ digest }) => digest === null)).toEqual([])
    const stages = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, from = '']) => from)
    expect(stages.filter((from) => !bases.some(({ stage, image }) => from === stage || from === image))).toEqual([])
  })

  it('have the Node.js that the tests run on', () => {
    // Our own file.
    const { devDependencies } = JSON.parse(read('package.json')) as { readonly devDependencies: Readonly<Record<string, string>> }
    expect(readBaseImages(dockerfile)[0]?.image).toMatch(`node:${devDependencies['node']}-bookworm-slim@`)
  })

  it('have the same release of Debian, because the program node is copied from one to the other', () => {
    const releases = readBaseImages(dockerfile).map(({ image }) => /bookworm|trixie|forky/.exec(image)?.[0])
    expect(new Set(releases)).toEqual(new Set(['bookworm']))
  })
})

describe('a base image of another name', () => {
  it('is refused without a tag and without a digest', () => {
    expect(() => replaceBaseImages(dockerfile, { NODE_IMAGE: 'mirror/node' })).toThrow(
      'NODE_IMAGE=mirror/node has neither a tag nor a digest.',
    )
  })

  it('replaces that of the Dockerfile, and nothing else', () => {
    const replaced = replaceBaseImages(dockerfile, { NODE_IMAGE: 'mirror.example.com/node:24', DEBIAN_IMAGE: '' })
    expect(readBaseImages(replaced)).toEqual([
      { stage: 'node', image: 'mirror.example.com/node:24', digest: null },
      ...readBaseImages(dockerfile).slice(1),
    ])
    expect(replaced.split('\n').filter((line, index) => line !== dockerfile.split('\n')[index])).toEqual([
      'FROM mirror.example.com/node:24 AS node',
    ])
  })

  it('is not read from an empty environment', () => {
    expect(replaceBaseImages(dockerfile, {})).toBe(dockerfile)
  })
})
