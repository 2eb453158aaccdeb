import { describe, expect, it } from 'vitest'
import { fixedProblem, renderProblem } from './problem.ts'

describe('a problem that never changes', () => {
  it('is rendered once, and all answers share its bytes', () => {
    const problem = fixedProblem({ type: 'not-found', detail: 'Nothing is here.' })
    expect(renderProblem(problem).body).toBe(renderProblem(problem).body)
    expect(renderProblem({ ...problem })).toEqual(renderProblem(problem))
    expect(JSON.parse(renderProblem(problem).body.toString())).toEqual({
      type: 'urn:carillon:problem:not-found',
      title: 'There is nothing here',
      status: 404,
      detail: 'Nothing is here.',
    })
  })

  it('cannot be changed', () => {
    expect(Object.isFrozen(fixedProblem({ type: 'not-found', detail: 'Nothing is here.' }))).toBe(true)
  })
})
