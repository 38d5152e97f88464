/* company.h: companies made at random around the people of the shipped rule tests: the same ids, but who
 * heads, manages, answers for and outranks whom, who is away or gone and who has an address is drawn anew. */
#ifndef CUIBAN_TESTS_REHEARSAL_COMPANY_H
#define CUIBAN_TESTS_REHEARSAL_COMPANY_H

#include <stdint.h>
#include <stdio.h>

/* Writes a directory file. Whoever is called "last.resort" can always be told, is in no event, and is the
 * last holder of role:hr_director. The same seed writes the same file. */
void company_write(FILE *file, uint64_t seed);

#endif
