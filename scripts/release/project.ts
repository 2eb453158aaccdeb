/** Page of the project. */
export const homepage = 'https://github.com/carillon-dev/carillon'

/** URL of the repository for git. */
export const repositoryUrl = `${homepage}.git`
