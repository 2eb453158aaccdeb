import { posix } from 'node:path'
import { failed, ok, type Result } from '../../program/result.ts'
import type { k8s } from 'cdk8s-plus-27'
import type { MountedFile } from './operand-input.ts'

export interface FileMounts {
  readonly volumes: readonly k8s.Volume[]
  readonly mounts: readonly k8s.VolumeMount[]
}

/**
 * Modes of the files, which are in this pod alone. ofGroup: only the group of the pod reads them. ofAll: without an fsGroup the files are root's, and a
 * gateway that is neither root nor in root's group could not read them otherwise.
 */
const fileModes = { ofGroup: 0o440, ofAll: 0o444 } as const

/**
 * Returns one volume for each directory. Whole directories are mounted, never single files (`subPath`): only then does the kubelet update the pod after
 * a rotation. A volume has only the keys that are named, because the gateway needs no others.
 * @param hasGroup the pod asks for an fsGroup
 * @returns an error when two Secrets or ConfigMaps would be mounted on one directory
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

/** @param files those of one Secret or ConfigMap */
function sourceOf(files: readonly MountedFile[], defaultMode: number): Pick<k8s.Volume, 'secret' | 'configMap'> {
  const [first] = files
  if (first === undefined) return {}
  const items = files.map(({ path, from }) => ({ key: from.key, path: posix.basename(path) }))
  const { kind, name } = first.from
  return kind === 'Secret' ? { secret: { secretName: name, items, defaultMode } } : { configMap: { name, items, defaultMode } }
}
