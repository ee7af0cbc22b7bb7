/* Kernels' names, from the program's own table of symbols: kernels are static, so no dynamic table has them.
 */
#include <cxxabi.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <map>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim.h"

static auto &symbols = *new std::map<uintptr_t, std::string>;

static void read_symbols(const char *file, uintptr_t base)
{
    const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)file;
    const ElfW(Shdr) *sections = (const ElfW(Shdr) *)(file + header->e_shoff);
    for (int s = 0; s < header->e_shnum; s++) {
        if (sections[s].sh_type != SHT_SYMTAB) continue;
        const ElfW(Sym) *table = (const ElfW(Sym) *)(file + sections[s].sh_offset);
        const char *names = file + sections[sections[s].sh_link].sh_offset;
        for (size_t i = 0; i < sections[s].sh_size / sizeof *table; i++)
            if ((table[i].st_info & 0xf) == STT_FUNC && table[i].st_value)
                symbols[base + table[i].st_value] = names + table[i].st_name;
    }
}

static int take_base(struct dl_phdr_info *info, size_t, void *base)
{
    *(uintptr_t *)base = info->dlpi_addr; /* the program itself comes first */
    return 1;
}

static void read_program()
{
    static bool done;
    struct stat status;
    uintptr_t base = 0;
    if (done) return;
    done = true;
    int file = open("/proc/self/exe", O_RDONLY);
    if (file < 0 || fstat(file, &status)) return;
    void *map = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file, 0);
    close(file);
    if (map == MAP_FAILED) return;
    dl_iterate_phdr(take_base, &base);
    read_symbols((const char *)map, base);
    munmap(map, (size_t)status.st_size);
}

/* "void norm<4>(view, int) [clone .x]" becomes "norm<4>". */
static std::string shortened(const char *mangled)
{
    int status;
    char *text = abi::__cxa_demangle(mangled, NULL, NULL, &status);
    std::string name = text ? text : mangled;
    free(text);
    int depth = 0;
    size_t start = 0, end = name.size();
    for (size_t i = 0; i < name.size(); i++) {
        if (name[i] == '<') depth++;
        if (name[i] == '>') depth--;
        if (depth == 0 && name[i] == ' ') start = i + 1;
        if (depth == 0 && name[i] == '(' && i > start) {
            end = i;
            break;
        }
    }
    return name.substr(start, end - start);
}

const char *shim_kernel_name(const void *kernel)
{
    static auto &known = *new std::map<const void *, std::string>;
    auto found = known.find(kernel);
    if (found != known.end()) return found->second.c_str();
    read_program();
    auto symbol = symbols.find((uintptr_t)kernel);
    char address[32];
    snprintf(address, sizeof address, "%p", kernel);
    return (known[kernel] = symbol == symbols.end() ? address : shortened(symbol->second.c_str())).c_str();
}
