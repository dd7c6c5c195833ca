/** The well-known data sets: the shapes that Confluent's datagen gives, by name, with the field that is the key. */

export interface Quickstart {
  readonly keyField: string;
  /** An Avro schema with `arg.properties`. */
  readonly schema: object;
}

const arg = (type: string, properties: object): object => ({ type, 'arg.properties': properties });
const text = (regex: string): object => arg('string', { regex });
const field = (name: string, type: object): object => ({ name, type });
const record = (name: string, fields: readonly object[]): object => ({
  type: 'record',
  namespace: 'ksql',
  name,
  fields,
});

/** Times of 2017-02-21 to 2018-02-22. */
const YEAR = { min: 1487715775521, max: 1519273364600 };

export const QUICKSTARTS: ReadonlyMap<string, Quickstart> = new Map([
  [
    'orders',
    {
      keyField: 'orderid',
      schema: record('orders', [
        field('ordertime', arg('long', { range: YEAR })),
        field('orderid', arg('int', { iteration: { start: 0 } })),
        field('itemid', text('Item_[1-9][0-9]{0,2}')),
        field('orderunits', arg('double', { range: { min: 0.1, max: 10.0 } })),
        field(
          'address',
          record('address', [
            field('city', text('City_[1-9][0-9]?')),
            field('state', text('State_[1-9][0-9]?')),
            field('zipcode', arg('long', { range: { min: 10000, max: 99999 } })),
          ]),
        ),
      ]),
    },
  ],
  [
    'users',
    {
      keyField: 'userid',
      schema: record('users', [
        field('registertime', arg('long', { range: YEAR })),
        field('userid', text('User_[1-9]')),
        field('regionid', text('Region_[1-9]')),
        field('gender', arg('string', { options: ['MALE', 'FEMALE', 'OTHER'] })),
      ]),
    },
  ],
  [
    'pageviews',
    {
      keyField: 'viewtime',
      schema: record('pageviews', [
        field('viewtime', arg('long', { iteration: { start: 1, step: 10 } })),
        field('userid', text('User_[1-9]')),
        field('pageid', text('Page_[1-9][0-9]')),
      ]),
    },
  ],
]);
