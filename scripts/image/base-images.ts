/** An image that a Dockerfile is built on. */
export interface BaseImage {
  /** Name of the stage: `FROM IMAGE AS STAGE`. */
  readonly stage: string
  /** Name with a tag, a digest, or both. */
  readonly image: string
  /** `sha256:...`; null when the name has none. */
  readonly digest: string | null
}

const fromLine = /^FROM (?<image>\S*[:@]\S+) AS (?<stage>[a-z]+)$/gm

/** Variable that names another image for a stage: `NODE_IMAGE` for `node`. */
export const variableOf = (stage: string): string => `${stage.toUpperCase()}_IMAGE`

/** Returns the images of other projects that a Dockerfile names, in its order. */
export function readBaseImages(dockerfile: string): readonly BaseImage[] {
  return [...dockerfile.matchAll(fromLine)].map(({ groups: { image = '', stage = '' } = {} }) => ({
    stage,
    image,
    digest: /@(sha256:[0-9a-f]{64})$/.exec(image)?.[1] ?? null,
  }))
}

/**
 * Returns the Dockerfile with the images that the variables name in place of its own. An empty variable changes nothing.
 * @throws for an image without a tag and without a digest
 */
export function replaceBaseImages(dockerfile: string, env: Readonly<Record<string, string | undefined>>): string {
  return dockerfile.replaceAll(fromLine, (line: string, _image: string, stage: string) => {
    const other = env[variableOf(stage)] ?? ''
    if (other !== '' && !/[:@]/.test(other))
      throw new Error(`${variableOf(stage)}=${other} has neither a tag nor a digest. Name the image as NAME:TAG@sha256:DIGEST.`)
    return other === '' ? line : `FROM ${other} AS ${stage}`
  })
}
