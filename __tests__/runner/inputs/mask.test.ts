import { describe, expect, it } from '@jest/globals';
import { connectionSecrets } from '../../../src/runner/inputs/mask.ts';

describe('the secrets of a connection string', () => {
  it('are the string, and the password as written, decoded, and encoded again', () => {
    expect(connectionSecrets(' postgres://u:p%40ss!@h/d\n')).toEqual(
      [' postgres://u:p%40ss!@h/d\n', 'postgres://u:p%40ss!@h/d', 'p%40ss!', 'p@ss!', 'p%40ss!'].filter(
        (secret, index, all) => all.indexOf(secret) === index,
      ),
    );
  });

  it.each([
    ['postgres://u:pa@ss@h/d', 'pa@ss'],
    ['postgres://u:pa/ss@h/d', 'pa/ss'],
    ['postgres://u:pa%ss@h/d', 'pa%ss'],
    ['mysql://u:pass@h/d', 'pass'],
    ['postgres://:pass@h/d', 'pass'],
    ["psql 'postgres://u:pass@h/d'", 'pass'],
    ['DATABASE_URL: "postgres://u:pass@h/d"', 'pass'],
    ['jdbc:postgresql://h/d?user=u&password=pass', 'pass'],
    ['PGPASSWORD=pass psql -h h -U u d', 'pass'],
    ['psql "host=h user=u password=pass dbname=d"', 'pass'],
    ['Server=h;Password=pass;Database=d', 'pass'],
    ["host=h password = 'my pass'", 'my pass'],
  ])('are found also in a string that is refused later: %s', (value, password) => {
    expect(connectionSecrets(value)).toContain(password);
  });

  it('do not include empty texts, which would mask everything', () => {
    expect(connectionSecrets('postgres://u:@h/d')).toEqual(['postgres://u:@h/d']);
    expect(connectionSecrets('')).toEqual([]);
  });
});
