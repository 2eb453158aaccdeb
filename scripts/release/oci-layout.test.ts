import { describe, expect, it } from 'vitest'
import { digestOf } from './artifact.ts'
import { fixImageConfig, writeOciArchive, type ImageConfig } from './oci-layout.ts'
import { readTar } from './tar.ts'

const layers = ['one', 'two', 'one'].map((text) => new TextEncoder().encode(text))

/** Docker's configuration has more members than those of OCI. */
const built = (time: string, ids: string): ImageConfig & Readonly<Record<string, unknown>> => ({
  container: ids,
  container_config: { Hostname: ids },
  docker_version: '20.10',
  parent: ids,
  architecture: 'amd64',
  os: 'linux',
  created: time,
  config: { Hostname: ids, Image: ids, User: '65532:65532', Env: ['A=1'], Cmd: ['node'], Entrypoint: null, Labels: { a: 'b' } },
  rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${digestOf(layer)}`) },
  history: [
    { created: '2020-01-01T00:00:00.5Z', created_by: 'base' },
    { created: time, created_by: 'COPY' },
  ],
})

const epoch = Date.parse('2026-01-02T03:04:05Z') / 1000

describe('the configuration of an image', () => {
  it('is the same for two builds, and keeps what the base image and the Dockerfile say', () => {
    const fixed = fixImageConfig(built('2026-11-30T00:00:00Z', 'x'), epoch)
    expect(fixImageConfig(built('2026-12-01T00:00:00Z', 'y'), epoch)).toEqual(fixed)
    expect(fixed).toEqual({
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05.000Z',
      config: { User: '65532:65532', Env: ['A=1'], Cmd: ['node'], Labels: { a: 'b' } },
      rootfs: built('', '').rootfs,
      history: [
        { created: '2020-01-01T00:00:00.5Z', created_by: 'base' },
        { created: '2026-01-02T03:04:05.000Z', created_by: 'COPY' },
      ],
    })
  })
})

describe('the archive of an image', () => {
  const image = {
    config: fixImageConfig(built('2026-11-30T00:00:00Z', 'x'), epoch),
    layers,
    reference: 'ghcr.io/carillon-dev/carillon:0.1.0',
  }

  it('has the layout of OCI, with each blob once, and the name of the image', async () => {
    const { bytes, digest } = await writeOciArchive(image, epoch)
    const text = Buffer.from(bytes).toString('latin1')
    const paths = (await readTar(bytes)).map(({ path }) => path)
    expect(paths.filter((path) => /^blobs\/sha256\/[0-9a-f]{64}$/.test(path))).toHaveLength(4)
    expect(paths).toContain(`blobs/sha256/${digest.replace('sha256:', '')}`)
    expect(paths.slice(4)).toEqual(['index.json', 'manifest.json', 'oci-layout'])
    expect(text).toContain('{"imageLayoutVersion":"1.0.0"}')
    expect(text).toContain('"io.containerd.image.name":"ghcr.io/carillon-dev/carillon:0.1.0","org.opencontainers.image.ref.name":"0.1.0"')
  })

  it('is refused when a layer is not the one that the configuration names', async () => {
    await expect(writeOciArchive({ ...image, layers: layers.slice(1) }, epoch)).rejects.toThrow('The layers differ')
  })
})
