/* Philox4x32-10 against the vectors published with Random123 (kat_vectors). random_block fixes one word of
 * the counter, so a second implementation here meets the vectors, and random_block meets it. */
#include "common/random.h"

#include <string.h>

#include "tests/tap.h"

static void multiply(uint32_t a, uint32_t b, uint32_t *high, uint32_t *low)
{
    uint64_t product = (uint64_t)a * b;
    *high = (uint32_t)(product >> 32);
    *low = (uint32_t)product;
}

static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    memcpy(out, counter, 4 * sizeof *out);
    for (uint32_t round = 0; round < 10; round++) {
        uint32_t high[2], low[2];
        multiply(0xD2511F53, out[0], &high[0], &low[0]);
        multiply(0xCD9E8D57, out[2], &high[1], &low[1]);
        uint32_t next[4] = {high[1] ^ out[1] ^ (key[0] + round * 0x9E3779B9), low[1],
                            high[0] ^ out[3] ^ (key[1] + round * 0xBB67AE85), low[0]};
        memcpy(out, next, sizeof next);
    }
}

static void test_vectors(void)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        philox(vectors[i].counter, vectors[i].key, out);
        ok(memcmp(out, vectors[i].out, sizeof out) == 0, "the test's own Philox meets published vector %zu",
           i + 1);
    }
    uint32_t out[4];
    random_block((struct random_key){{0, 0}, {0, 0}}, 0, out);
    ok(memcmp(out, vectors[0].out, sizeof out) == 0, "random_block meets the published vector of zeros");
}

static void test_block(void)
{
    bool same = true;
    uint32_t word = 1;
    for (int i = 0; i < 1000; i++) {
        uint32_t words[5], want[4], got[4];
        for (int j = 0; j < 5; j++) words[j] = word = word * 1664525 + 1013904223;
        philox((uint32_t[]){words[0], 0, words[1], words[2]}, &words[3], want);
        random_block((struct random_key){{words[3], words[4]}, {words[1], words[2]}}, words[0], got);
        same = same && memcmp(got, want, sizeof got) == 0;
    }
    ok(same, "random_block is Philox of counter (index, 0, purpose), 1000 blocks");
    struct random_key key = random_key_make(0x0123456789abcdef, 5, 6);
    ok(key.seed[0] == 0x89abcdef && key.seed[1] == 0x01234567 && key.purpose[0] == 5 && key.purpose[1] == 6,
       "random_key_make keeps all 64 bits of the seed, purpose and step");
}

static void test_uniform(void)
{
    ok(random_uniform(0) > 0, "the least uniform number is above 0");
    ok(random_uniform(UINT32_MAX) < 1, "the largest uniform number is below 1");
    ok(random_below(0, 7) == 0 && random_below(UINT32_MAX, 7) == 6,
       "random_below reaches both ends and no further");
}

static void test_normal(void)
{
    enum { BLOCKS = 250000 };
    double sums[5] = {0};
    for (uint32_t i = 0; i < BLOCKS; i++) {
        float values[4];
        random_normal_block(random_key_make(1, 2, 3), i, values);
        for (int j = 0; j < 4; j++)
            for (int power = 1; power <= 4; power++) sums[power] += pow((double)values[j], power);
        sums[0] += (double)values[0] * (double)values[1];
    }
    for (int power = 1; power <= 4; power++) sums[power] /= 4.0 * BLOCKS;
    /* Five standard errors of a million independent N(0, 1) numbers: sqrt(1, 2, 15, 96) / 1000 * 5. */
    ok(fabs(sums[1]) < 0.005, "mean of normal numbers: %g", sums[1]);
    ok(fabs(sums[2] - 1) < 0.0071, "their variance: %g", sums[2]);
    ok(fabs(sums[3]) < 0.0194, "their third moment: %g", sums[3]);
    ok(fabs(sums[4] - 3) < 0.049, "their fourth moment: %g", sums[4]);
    ok(fabs(sums[0] / BLOCKS) < 0.01, "the two of a pair do not correlate: %g", sums[0] / BLOCKS);
}

int main(void)
{
    test_vectors();
    test_block();
    test_uniform();
    test_normal();
    return done();
}
