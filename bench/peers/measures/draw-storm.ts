import { drawLines, type Point } from '../../soak/draw-lines.ts'
import type { Progress } from '../load/load-calls.ts'
import type { Picture } from '../report/section.ts'

/** Course of a storm, in milliseconds of the machine's clock (`nowMs`). */
export interface StormCourse {
  readonly title: string
  readonly killedAtMs: number
  readonly progress: readonly Progress[]
  readonly memory: readonly MemoryAt[]
}

export interface MemoryAt {
  readonly atMs: number
  readonly rssBytes: number
}

/** Draws clients and memory of several servers over the time since each was killed. */
export function drawStorm(clients: number, courses: readonly StormCourse[]): Picture {
  const title = `${clients.toLocaleString('en-US')} clients come back to a server that was killed and started again`
  const linesOf = (pointsOf: (course: StormCourse) => readonly Point[]) =>
    courses.map((course) => ({ name: course.title, points: pointsOf(course) }))
  return {
    file: 'benchmarks-storm.svg',
    alt: `${title}: clients that are served, and memory of the server, over time`,
    svg: drawLines({
      title,
      panels: [
        {
          title: 'clients that are served',
          lines: linesOf(({ killedAtMs, progress }) =>
            progress.map(({ atMs, served }) => ({ atS: (atMs - killedAtMs) / 1000, value: served })),
          ),
        },
        {
          title: 'RSS of the server, MB',
          lines: linesOf(({ killedAtMs, memory }) =>
            memory.map(({ atMs, rssBytes }) => ({ atS: (atMs - killedAtMs) / 1000, value: rssBytes / 1e6 })),
          ),
        },
      ],
      marks: [],
      unit: 's',
    }),
  }
}
