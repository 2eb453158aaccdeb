import { dirname, join } from 'node:path'
import { places } from '../places.ts'

/** Major versions of Node.js that the packages run on. */
export const nodeVersions = [20, 22, 24] as const

/** Returns the program `node` of a major version, which npm installed. It runs on Linux alone, on both of its common architectures. */
export const nodeOf = (major: number): string =>
  join(places.project('node'), 'node_modules', `node-${major}-${process.arch === 'arm64' ? 'arm64' : 'x64'}`, 'bin/node')

/** Returns a PATH on which `node`, and so npx, are of a major version. */
export const pathOf = (major: number): string => `${dirname(nodeOf(major))}:${process.env['PATH']}`
