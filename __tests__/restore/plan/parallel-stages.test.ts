import { expect, it } from '@jest/globals';
import { parallelStages } from '../../../src/restore/plan/parallel-stages.ts';
import { tocOf } from '../../archive/toc/toc-of.ts';
import { captureOutput } from '../../support/captured-output.ts';
import { startRestoreBed } from '../apply/restore-bed.ts';

captureOutput();

const PARTITIONED = `
CREATE TABLE years (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE first PARTITION OF years FOR VALUES FROM (0) TO (10);
CREATE TABLE seen (id int REFERENCES years);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touches BEFORE INSERT ON years FOR EACH ROW EXECUTE FUNCTION touch();
COMMENT ON TRIGGER touches ON years IS 'On every partition';
COMMENT ON INDEX first_pkey IS 'Attached';
CREATE MATERIALIZED VIEW counted AS SELECT count(*) FROM years;
`;

it('foreign keys and triggers are restored in parallel only after the indexes of partitions are attached', async () => {
  const bed = await startRestoreBed('17');
  try {
    const [partitioned, plain] = [
      await bed.database(PARTITIONED),
      await bed.database('CREATE TABLE t (id int)'),
    ];
    const archive = await bed.dump(partitioned);
    const { entries } = await tocOf(archive.file);
    const names = parallelStages(entries).map(({ dumpIds: ids }) =>
      entries.filter(({ dumpId }) => ids.includes(dumpId)).map(({ kind, tag }) => `${kind} ${tag}`),
    );
    expect(names).toEqual([
      expect.arrayContaining([
        'TABLE DATA first',
        'CONSTRAINT years years_pkey',
        'CONSTRAINT first first_pkey',
        'COMMENT INDEX first_pkey',
      ]),
      ['INDEX ATTACH first_pkey'],
      [
        'TRIGGER years touches',
        'COMMENT TRIGGER touches ON years',
        'FK CONSTRAINT seen seen_id_fkey',
        'MATERIALIZED VIEW DATA counted',
      ],
    ]);
    await bed.restore(archive, await bed.database(), { jobs: 3 });
    const simple = (await tocOf((await bed.dump(plain)).file)).entries;
    expect(parallelStages(simple)).toEqual([{ dumpIds: simple.map(({ dumpId }) => dumpId), inTurn: false }]);
  } finally {
    await bed.stop();
  }
});
