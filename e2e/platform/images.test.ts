import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scriptedRun } from '../testing/scripted-run.ts'
import type { Run } from './command.ts'
import { buildImage, fullName, loadImages, ownRepository as repository, removeImages, tagOf } from './images.ts'

it('names what is built by its content, and takes the names of older builds away', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-images-'))
  const { run, calls } = scriptedRun({ 'docker image ls': 'dev\ndev-0123456789ab\ndev-older\nlatest\n' })
  // docker writes the id where it is told to.
  const building: Run = async (command, words, options) => {
    if (words[0] === 'build') await writeFile(join(folder, 'carillon.image.id'), 'sha256:0123456789abcdef\n')
    return run(command, words, options)
  }
  try {
    expect(await buildImage(building, { root: '/repository', folder, progress: () => {} })).toEqual({ repository, tag: 'dev-0123456789ab' })
  } finally {
    await rm(folder, { recursive: true })
  }
  expect(calls.slice(1)).toEqual([
    `docker tag sha256:0123456789abcdef ${repository}:dev-0123456789ab`,
    `docker image ls --format {{.Tag}} ${repository}`,
    `docker image rm ${repository}:dev-older`,
  ])
})

it('takes all names but that of a build that somebody made by hand', async () => {
  const { run, calls } = scriptedRun({ 'docker image ls': 'dev\ndev-1\n' })
  await removeImages(run)
  expect(calls.filter((call) => call.includes(' rm '))).toEqual([`docker image rm ${repository}:dev-1`])
})

it('gives the same content the same tag, and other content another', () => {
  expect([tagOf('sha256:aaaaaaaaaaaaaaaa'), tagOf('aaaaaaaaaaaaaaaa'), tagOf('sha256:bbbbbbbbbbbbbbbb')]).toEqual([
    'dev-aaaaaaaaaaaa',
    'dev-aaaaaaaaaaaa',
    'dev-bbbbbbbbbbbb',
  ])
})

it('knows what containerd calls an image', () => {
  const names = {
    'traefik:v3': 'docker.io/library/traefik:v3',
    'apache/kafka:4': 'docker.io/apache/kafka:4',
    'ghcr.io/a/b:1': 'ghcr.io/a/b:1',
    'localhost/a:1': 'localhost/a:1',
    'registry:5000/a:1': 'registry:5000/a:1',
  }
  expect(Object.keys(names).map(fullName)).toEqual(Object.values(names))
})

it('loads images only where one of them is lacking', async () => {
  const { run, calls } = scriptedRun({
    'docker exec one': 'docker.io/apache/kafka:4\ndocker.io/library/traefik:v3\n',
    'docker exec two': 'docker.io/apache/kafka:4\n',
  })
  const images = ['apache/kafka:4', 'traefik:v3']
  expect(await loadImages(run, { cluster: 'c' }, { images, nodes: ['one', 'two'] })).toBe('on 1 of 2 nodes')
  expect(calls.at(-1)).toBe('kind load docker-image apache/kafka:4 traefik:v3 --name c --nodes two')
  expect(await loadImages(run, { cluster: 'c' }, { images, nodes: ['one'] })).toBe('there already')
})

it('pulls what docker does not have, and says so when it cannot', async () => {
  const pulled = scriptedRun({ 'docker image inspect': { code: 1 } })
  await loadImages(pulled.run, { cluster: 'c' }, { images: ['a:1'], nodes: [] })
  expect(pulled.calls).toContain('docker pull a:1')
  const { run } = scriptedRun({ 'docker image inspect': { code: 1 }, 'docker pull': { code: 1, stderr: 'no such host\n' } })
  await expect(loadImages(run, { cluster: 'c' }, { images: ['a:1'], nodes: [] })).rejects.toMatchObject({
    message: 'docker has no image a:1 and could not pull it.',
    why: ['no such host'],
  })
})
