import { describe, expect, it } from '@jest/globals';
import { resolveConnection } from '../../../src/postgres/url/connection-string.ts';
import { pastedUrl } from '../../../src/postgres/url/pasted.ts';
import { errorText, userErrorOf } from '../../support/user-error.ts';

const URL = 'postgres://u:SECRET@h:5432/d?sslmode=require';
const pasted = (value: string) => pastedUrl('connection-string', value);

describe('what is pasted around a connection string', () => {
  it('is nothing, in most cases', () => {
    for (const url of [URL, 'postgresql://h', 'prisma://x', 'prisma+postgres://x/?api_key=k']) {
      expect(pasted(url)).toEqual({ url, notices: [] });
    }
  });

  it.each([
    [` ${URL}\n`, 'white space'],
    [`\ufeff${URL}\u200b`, 'white space'],
    [`"${URL}"`, 'quotation marks'],
    [`'${URL}'`, 'quotation marks'],
    [`“${URL}”`, 'quotation marks'],
    [`<${URL}>`, 'quotation marks'],
    [`"${URL}",`, 'quotation marks'],
    [`DATABASE_URL=${URL}`, 'the name of the variable'],
    [`DATABASE_URL: ${URL}`, 'the name of the variable'],
    [`DATABASE_URL="${URL}"`, 'the name of the variable, quotation marks'],
    [`"DATABASE_URL=${URL}"`, 'quotation marks, the name of the variable'],
    [`export DATABASE_URL='${URL}';`, 'the name of the variable, quotation marks'],
    [`set DATABASE_URL=${URL}`, 'the name of the variable'],
    [`$env:DATABASE_URL = "${URL}"`, 'the name of the variable, quotation marks'],
    [`psql ${URL}`, 'the command'],
    [`psql '${URL}'`, 'the command, quotation marks'],
    [`$ psql "${URL}"`, 'the command, quotation marks'],
    [`psql -d "${URL}"`, 'the command, quotation marks'],
    [`psql --dbname=${URL}`, 'the command'],
    [`pg_dump '${URL}'\n`, 'white space, the command, quotation marks'],
    [`${URL}\\n`, 'white space'],
    [`DATABASE_URL="${URL}" # comment`, 'the name of the variable, quotation marks'],
  ])('is ignored with a notice: %j', (value, removed) => {
    const { url, notices } = pasted(value);
    expect(url).toBe(URL);
    expect(notices.map(({ level, text }) => `${level}: ${text}`)).toEqual([
      `notice: connection-string: around the connection string, this was ignored: ${removed}. Store only the connection string, from postgres:// to its end.`,
    ]);
  });

  it.each(['postgresql+asyncpg', 'postgres+psycopg2', 'jdbc:postgresql', 'POSTGRES', 'postgis', 'pgsql'])(
    'can be the scheme of another driver, which is read as libpq: %s',
    (scheme) => {
      const { url, notices } = pasted(`${scheme}://u:SECRET@h/d`);
      expect(url).toBe('postgresql://u:SECRET@h/d');
      expect(notices.map(({ text }) => text)).toEqual([expect.stringContaining(`the scheme "${scheme}"`)]);
    },
  );

  it('is not taken for a part of a password', () => {
    for (const password of ['psql SECRET', "a'SECRET", 'x= SECRET', '"SECRET"', 'SECRET;']) {
      const url = `postgres://u:${password}@h/d`;
      expect(pasted(url)).toEqual({ url, notices: [] });
    }
  });

  it.each([
    [`"${URL}`, 'starts with a quotation mark'],
    [`psql '${URL}' -c 'SELECT 1'`, 'a command with options'],
    [`psql ${URL} -c 'SELECT 1'`, 'a command with options'],
    [`pg_dump ${URL} > SECRET`, 'a command with options'],
    ['psql -h h -p 5432 -U u SECRET', 'a command with options'],
    ['PGPASSWORD=SECRET psql -h h -U u d', 'a command with options'],
    ['psql "host=h user=u password=SECRET"', 'a command with options'],
    ['host=h user=u password=SECRET', 'a list of settings'],
    ['${{ secrets.SECRET }}', 'nothing has replaced'],
    ['postgres://u:${{ secrets.SECRET }}@h/d', 'nothing has replaced'],
    ['***', 'consists of asterisks'],
    ['postgres://u:SEC\nRET@h/d', 'has 2 lines, and a connection string has one'],
    [`DATABASE_URL=${URL}\r\nDIRECT_URL=${URL}`, 'contains 2 connection strings'],
    [`${URL} ${URL}`, 'contains 2 connection strings'],
    ['${SECRET_URL}', 'the name of a variable or a secret'],
    ['$SECRET_URL', 'the name of a variable or a secret'],
    ['%SECRET_URL%', 'the name of a variable or a secret'],
    ['secrets.SECRET_URL', 'the name of a variable or a secret'],
    ['Server=h;Database=d;User Id=u;Password=SECRET;', 'a list of settings'],
    ['https://SECRET.supabase.co', 'address of a web page'],
    ['mysql://u:SECRET@h/d', 'scheme "mysql"'],
    ['jdbc:mysql://u:SECRET@h/d', 'scheme "jdbc:mysql"'],
    ['u:SECRET@h/d', 'not a postgres:// URL'],
    ['postgres:/u:SECRET@h/d', 'not a postgres:// URL'],
  ])('makes an error that says what the value is, without showing it: %j', (value, part) => {
    const text = errorText(() => pasted(value));
    expect(text).toMatch(/^connection-string: /);
    expect(text).toContain(part);
    expect(text).not.toMatch(/SEC|RET/);
  });
});

describe('a placeholder in a connection string', () => {
  const refusal = (url: string) =>
    userErrorOf(resolveConnection('connection-string', url, { env: {}, allowPooler: false }));

  it.each([
    'postgresql://postgres:[YOUR-PASSWORD]@db.abc.supabase.co:5432/postgres',
    'postgresql://postgres:%5BYOUR-PASSWORD%5D@db.abc.supabase.co:5432/postgres',
    'postgres://me@server:{your_password}@server.postgres.database.azure.com/d',
    'postgres://u:<password>@h/d',
    'postgres://u:<replace-with-password>@h/d',
    'postgres://u:[mypass]@h/d',
    'postgres://u:SECRET@[HOST]:[PORT]/[DB_NAME]',
    'postgres://u:SECRET@h:<port>/d',
    'postgres://u:${DB_PASSWORD}@h/d',
    'postgres://u:SECRET@h/{{ database }}',
  ])('in brackets is refused, without showing it: %s', async (url) => {
    const { message, hint } = await refusal(url);
    expect(message).toMatch(
      /^connection-string: the connection string still contains a placeholder in brackets/,
    );
    expect(`${message} ${hint}`).not.toMatch(/SECRET|mypass|HOST|DB_/);
  });

  it.each([
    [
      'postgres://USER:PASSWORD@HOST:5432/DATABASE',
      'the host in the connection string is still a placeholder',
    ],
    ['postgres://u:your_password@h/d', 'the password in the connection string is still a placeholder'],
    ['postgres://u:YOUR-DB-PASSWORD@h/d', 'the password in the connection string is still a placeholder'],
    ['postgres://u:****************@h/d', 'the password in the connection string is hidden'],
    ['postgres://u:${PGPW}@h/d', 'the password in the connection string is a variable'],
  ])('without brackets is refused by its part: %s', async (url, part) => {
    expect((await refusal(url)).message).toContain(part);
  });

  it('is not a password that only looks like one', async () => {
    for (const password of ['password', 'PASSWORD', '[S3CRET]', 'yourself', '$ecret', '**', 'a<b>c']) {
      const { failureHints } = await resolveConnection('connection-string', `postgres://u:${password}@h/d`, {
        env: {},
        allowPooler: false,
      });
      const hints = failureHints.filter(({ when }) => when.test('password authentication failed'));
      expect(hints).toHaveLength(password === '[S3CRET]' ? 1 : 0);
    }
  });
});
