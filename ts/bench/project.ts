/** What `npm run bench` is made of besides its own parts (`scripts/bench`). */
export { barsOf, drawPicture, picture, pictureFont, picturePalette } from './chart.ts';
export { compare } from './compare.ts';
export { randomBytes, standardMakers, writeLarge } from './data.ts';
export { remoteProgram } from './measure.ts';
export { withRig } from './rig.ts';
export { roomIn } from './room.ts';
export { chosen, standardScenarios } from './scenarios.ts';
export { childrenCpu, freePort, startServer } from './servers.ts';
export { median, summarize } from './summary.ts';
export { markdown, tableLines } from './table.ts';
export { askTools, isProgram, machine, onPath } from './tools.ts';
