import { posix } from 'node:path'
import { failed, ok, type Result } from '../../program/result.ts'
import type { k8s } from 'cdk8s-plus-27'
import type { MountedFile } from './operand-input.ts'

export interface FileMounts {
  readonly volumes: readonly k8s.Volume[]
  readonly mounts: readonly k8s.VolumeMount[]
}

/**
 * Readable by the group of the pod, and by nobody else. Without an fsGroup the files are root's, and a gateway that is neither root nor of its group could not
 * read them; they are in this pod alone.
 */
const fileModes = { ofGroup: 0o440, ofAll: 0o444 } as const

/**
 * One volume for each directory. They are mounted as whole directories, never file by file (`subPath`): only then does the kubelet bring a
 * rotated Secret to the pod. Only the keys that are named are there: the rest of a Secret is none of the gateway's business.
 * @param hasGroup whether the pod asks for an fsGroup
 * @returns what is wrong when two Secrets or ConfigMaps would be mounted on one directory
 */
export function mountFiles(files: readonly MountedFile[], hasGroup: boolean): Result<FileMounts, string> {
  const byDirectory = Map.groupBy(files, ({ path }) => posix.dirname(path))
  for (const [directory, [first, ...others]] of byDirectory) {
    const other = others.find(({ from }) => from.kind !== first?.from.kind || from.name !== first.from.name)
    if (first !== undefined && other !== undefined) {
      return failed(
        `${directory} would hold files of ${first.from.kind} ${first.from.name} and of ${other.from.kind} ${other.from.name}: give each its own directory`,
      )
    }
  }
  const directories = [...byDirectory].map(([directory, inside], index) => ({ name: `files-${index}`, directory, inside }))
  return ok({
    volumes: directories.map(({ name, inside }) => ({ name, ...sourceOf(inside, hasGroup ? fileModes.ofGroup : fileModes.ofAll) })),
    mounts: directories.map(({ name, directory }) => ({ name, mountPath: directory, readOnly: true })),
  })
}

/** @param files all of one Secret or ConfigMap */
function sourceOf(files: readonly MountedFile[], defaultMode: number): Pick<k8s.Volume, 'secret' | 'configMap'> {
  const [first] = files
  if (first === undefined) return {}
  const items = files.map(({ path, from }) => ({ key: from.key, path: posix.basename(path) }))
  const { kind, name } = first.from
  return kind === 'Secret' ? { secret: { secretName: name, items, defaultMode } } : { configMap: { name, items, defaultMode } }
}
