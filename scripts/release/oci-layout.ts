import { digestOf } from './artifact.ts'
import { compress, writeTar, type TarEntry } from './tar.ts'

/** Configuration of an image, as docker writes it; of it the members that the OCI specification names. */
export interface ImageConfig {
  readonly architecture: string
  readonly os: string
  readonly variant?: string
  readonly created?: string
  readonly config: Readonly<Record<string, unknown>>
  readonly rootfs: { readonly type: 'layers'; readonly diff_ids: readonly string[] }
  readonly history?: readonly { readonly created?: string; readonly [member: string]: unknown }[]
}

const configMembers = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'Healthcheck',
] as const

/**
 * Returns the configuration without what one build adds: ids of containers and parents, versions of docker, and times after the commit.
 * https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md
 * @param epoch seconds since 1970
 */
export function fixImageConfig(given: ImageConfig, epoch: number): ImageConfig {
  const { architecture, os, variant, rootfs, history = [] } = given
  const time = new Date(epoch * 1000).toISOString()
  const clamp = (created = time): string => (Date.parse(created) > epoch * 1000 ? time : created)
  const members = configMembers.filter((member) => given.config[member] !== undefined && given.config[member] !== null)
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    created: time,
    config: Object.fromEntries(members.map((member) => [member, given.config[member]])),
    rootfs: { type: 'layers', diff_ids: rootfs.diff_ids },
    history: history.map((entry) => ({ ...entry, created: clamp(entry.created) })),
  }
}

export interface Image {
  readonly config: ImageConfig
  /** Archives of the layers, not compressed, from the lowest to the highest. */
  readonly layers: readonly Uint8Array[]
  /** Name with the tag, by which containerd and podman load it. */
  readonly reference: string
}

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

export interface OciArchive {
  readonly bytes: Uint8Array
  /** Digest of the manifest: `sha256:...`. */
  readonly digest: string
}

/**
 * Returns an archive of an OCI image layout: https://github.com/opencontainers/image-spec/blob/v1.1.0/image-layout.md.
 * `docker load` before version 25 reads `manifest.json` in its place, which names the same blobs.
 * @throws RangeError when a layer is not the one that the configuration names
 */
export async function writeOciArchive({ config, layers, reference }: Image, epoch: number): Promise<OciArchive> {
  const ids = layers.map((layer) => `sha256:${digestOf(layer)}`)
  if (JSON.stringify(ids) !== JSON.stringify(config.rootfs.diff_ids))
    throw new RangeError('The layers differ from those that the configuration of the image names')
  const blobs: TarEntry[] = []
  const add = (mediaType: string, bytes: Uint8Array): Descriptor => {
    const digest = digestOf(bytes)
    const path = pathOf(digest)
    // Two layers may be the same.
    if (!blobs.some((blob) => blob.path === path)) blobs.push({ path, bytes })
    return { mediaType, digest: `sha256:${digest}`, size: bytes.length }
  }
  const configBlob = add('application/vnd.oci.image.config.v1+json', json(config))
  const layerBlobs = layers.map((layer) => add('application/vnd.oci.image.layer.v1.tar+gzip', compress(layer)))
  const manifest = add(
    'application/vnd.oci.image.manifest.v1+json',
    json({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', config: configBlob, layers: layerBlobs }),
  )
  const tag = reference.slice(reference.lastIndexOf(':') + 1)
  const annotations = { 'io.containerd.image.name': reference, 'org.opencontainers.image.ref.name': tag }
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [{ ...manifest, annotations }] }
  const docker = [{ Config: pathOfDescriptor(configBlob), RepoTags: [reference], Layers: layerBlobs.map((blob) => pathOfDescriptor(blob)) }]
  const files = [
    { path: 'index.json', bytes: json(index) },
    { path: 'manifest.json', bytes: json(docker) },
    { path: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
  ]
  return { bytes: await writeTar([...blobs, ...files], epoch), digest: manifest.digest }
}

const pathOf = (digest: string): string => `blobs/sha256/${digest}`
const pathOfDescriptor = ({ digest }: Descriptor): string => pathOf(digest.replace('sha256:', ''))
const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))
