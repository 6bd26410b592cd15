import { describe, expect, it } from 'vitest';
import { IdMap } from '../../../ts/flist/id-map.ts';
import { IdNames } from '../../../ts/flist/id-names.ts';
import { type IdKind, parseIdRules } from '../../../ts/flist/id-rules.ts';
import { flistTexts } from '../../../ts/session/flist-texts.ts';

const names = new IdNames((file) =>
  file === 'passwd' ? 'root:x:0:0::/:\nann:x:1001:5::/:\n' : 'root:x:0:\nstaff:x:50:\n',
);

function parse(kind: IdKind, map: string): { map: IdMap; told: string[] } {
  const told: string[] = [];
  const rules = parseIdRules(map, { kind, names, texts: flistTexts, warn: (text) => told.push(text) });
  return {
    map: new IdMap({ amRoot: true, memberOf: () => [], names, userRules: rules, groupRules: rules }),
    told,
  };
}

describe('rules of --usermap and --groupmap', () => {
  it('take the first rule that matches an id, a range, a name or a pattern', () => {
    const { map } = parse('user', '7:1,5-9:2,ann:3,[b-d]*:4,:5,*:6');
    expect(map.addUser(7, 'x').local).toBe(1);
    expect(map.addUser(9, 'ann').local).toBe(2);
    expect(map.addUser(10, 'ann').local).toBe(3);
    expect(map.addUser(11, 'bob').local).toBe(4);
    expect(map.addUser(12, '').local).toBe(5);
    expect(map.addUser(13, 'zoe').local).toBe(6);
  });

  it('come before the id that a name has here, and leave alone what none matches', () => {
    const { map } = parse('user', 'ann:root');
    expect(map.addUser(44, 'ann').local).toBe(0);
    expect(map.addUser(45, 'eve').local).toBe(45);
  });

  it('leave out a rule whose name nobody has here, and tell', () => {
    const { map, told } = parse('group', 'a:nosuch,a:staff');
    expect(told).toEqual(['Unknown --groupmap name on receiver: nosuch']);
    expect(map.addGroup(3, 'a').local).toBe(50);
  });

  it.each([
    ['ann', 'No colon found in --usermap: ann'],
    ['a:1,b:', 'No name found after colon --usermap: b:'],
    ['1-:5', 'Invalid number in --usermap: 1-'],
    ['1-2-3:5', 'Invalid number in --usermap: 1-2-3'],
    ['4294967296:5', 'Invalid ID number: 4294967296'],
  ])('refuse %s', (map, message) => {
    expect(() => parse('user', map)).toThrow(expect.objectContaining({ exitCode: 1, message }));
  });
});
