import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { scriptedRun } from '../testing/scripted-run.ts'
import type { Run } from './command.ts'
import { buildImage, fullName, loadImages, ownRepository as repository, removeImages, tagOf } from './images.ts'

it('buildImage takes base images of other names, names an image by its content, and removes the names of older builds', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'carillon-images-'))
  const { run, calls } = scriptedRun({ 'docker image ls': 'dev\ndev-0123456789ab\ndev-older\nlatest\n' })
  // docker writes the id to the file that it is given.
  const inputs: unknown[] = []
  const building: Run = async (command, words, options) => {
    if (words[0] === 'build') inputs.push(options?.input)
    if (words[0] === 'build') await writeFile(join(folder, 'carillon.image.id'), 'sha256:0123456789abcdef\n')
    return run(command, words, options)
  }
  await writeFile(join(folder, 'Dockerfile'), 'FROM node:24 AS node\nFROM debian:12 AS debian\n')
  const baseImages = { NODE_IMAGE: 'mirror.example.com/node:24', DEBIAN_IMAGE: '' }
  try {
    const image = { repository, tag: 'dev-0123456789ab' }
    expect(await buildImage(building, { root: folder, folder, progress: () => {} })).toEqual(image)
    expect(await buildImage(building, { root: folder, folder, progress: () => {}, baseImages })).toEqual(image)
  } finally {
    await rm(folder, { recursive: true })
  }
  expect(inputs).toEqual([
    'FROM node:24 AS node\nFROM debian:12 AS debian\n',
    'FROM mirror.example.com/node:24 AS node\nFROM debian:12 AS debian\n',
  ])
  expect(calls.slice(1, 4)).toEqual([
    `docker tag sha256:0123456789abcdef ${repository}:dev-0123456789ab`,
    `docker image ls --format {{.Tag}} ${repository}`,
    `docker image rm ${repository}:dev-older`,
  ])
})

it('removeImages removes all names but that of a manual build', async () => {
  const { run, calls } = scriptedRun({ 'docker image ls': 'dev\ndev-1\n' })
  await removeImages(run)
  expect(calls.filter((call) => call.includes(' rm '))).toEqual([`docker image rm ${repository}:dev-1`])
})

it('the tag is the same for the same content, and different for other content', () => {
  expect([tagOf('sha256:aaaaaaaaaaaaaaaa'), tagOf('aaaaaaaaaaaaaaaa'), tagOf('sha256:bbbbbbbbbbbbbbbb')]).toEqual([
    'dev-aaaaaaaaaaaa',
    'dev-aaaaaaaaaaaa',
    'dev-bbbbbbbbbbbb',
  ])
})

it('the name of an image in containerd has registry and folder', () => {
  const names = {
    'traefik:v3': 'docker.io/library/traefik:v3',
    'apache/kafka:4': 'docker.io/apache/kafka:4',
    'ghcr.io/a/b:1': 'ghcr.io/a/b:1',
    'localhost/a:1': 'localhost/a:1',
    'registry:5000/a:1': 'registry:5000/a:1',
  }
  expect(Object.keys(names).map(fullName)).toEqual(Object.values(names))
})

it('loadImages loads images only where one is missing', async () => {
  const { run, calls } = scriptedRun({
    'docker exec one': 'docker.io/apache/kafka:4\ndocker.io/library/traefik:v3\n',
    'docker exec two': 'docker.io/apache/kafka:4\n',
  })
  const images = ['apache/kafka:4', 'traefik:v3']
  expect(await loadImages(run, { cluster: 'c' }, { images, nodes: ['one', 'two'] })).toBe('on 1 of 2 nodes')
  expect(calls.at(-1)).toBe('kind load docker-image apache/kafka:4 traefik:v3 --name c --nodes two')
  expect(await loadImages(run, { cluster: 'c' }, { images, nodes: ['one'] })).toBe('there already')
})

it('loadImages pulls what docker lacks, and reports when it cannot', async () => {
  const pulled = scriptedRun({ 'docker image inspect': { code: 1 } })
  await loadImages(pulled.run, { cluster: 'c' }, { images: ['a:1'], nodes: [] })
  expect(pulled.calls).toContain('docker pull a:1')
  const { run } = scriptedRun({ 'docker image inspect': { code: 1 }, 'docker pull': { code: 1, stderr: 'no such host\n' } })
  await expect(loadImages(run, { cluster: 'c' }, { images: ['a:1'], nodes: [] })).rejects.toMatchObject({
    message: 'docker has no image a:1 and could not pull it.',
    why: ['no such host'],
  })
})
