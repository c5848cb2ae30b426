// SPDX-License-Identifier: GPL-2.0
/* Misdeeds with memory, lists and references. Part of farm_broken.c. */

struct farm_item {
	struct list_head list;
	char rest[24];
};

static noinline int farm_list_add(void)
{
	struct list_head head, broken = { NULL, NULL };

	INIT_LIST_HEAD(&head);
	head.next = &broken;
	list_add(&broken, &head);
	return 0;
}

static noinline int farm_list_del_twice(void)
{
	struct farm_item one;
	LIST_HEAD(head);

	list_add(&one.list, &head);
	list_del(&one.list);
	list_del(&one.list);
	return 0;
}

static noinline int farm_refcount(void)
{
	refcount_t count = REFCOUNT_INIT(1);
	bool last = refcount_dec_and_test(&count);

	return last + refcount_dec_and_test(&count);
}

static noinline int farm_copy_overflow(void)
{
	char *small = kmalloc(32, GFP_KERNEL); /* the compiler knows that it is 32 bytes */
	unsigned long size = 256, address = current->mm->start_stack & PAGE_MASK;

	OPTIMIZER_HIDE_VAR(size);
	size = copy_to_user((void __user *)address, small, size);
	kfree(small);
	return size;
}

static noinline int farm_usercopy(void)
{
	char *small = kmalloc(32, GFP_KERNEL);
	unsigned long size = 256, address = current->mm->start_stack & PAGE_MASK;

	OPTIMIZER_HIDE_VAR(size);
	OPTIMIZER_HIDE_VAR(small);
	size = copy_to_user((void __user *)address, small, size);
	kfree(small);
	return size;
}

static noinline int farm_use_after_free(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	kfree(thing);
	OPTIMIZER_HIDE_VAR(thing);
	thing[20] = 'X';
	kfree(kmalloc(64, GFP_KERNEL)); /* the allocator looks at it when it hands it out again */
	return 0;
}

static noinline int farm_double_free(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	kfree(thing);
	OPTIMIZER_HIDE_VAR(thing);
	kfree(thing);
	return 0;
}

static noinline int farm_overrun(void)
{
	char *thing = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(thing);
	thing[64] = 'X';
	kfree(thing);
	return 0;
}

static noinline int farm_cache_leak(void)
{
	struct kmem_cache *cache = kmem_cache_create("farm_things", 48, 0, 0, NULL);
	void *thing = kmem_cache_alloc(cache, GFP_KERNEL);

	kmem_cache_destroy(cache);
	return thing == NULL;
}

static noinline int farm_bad_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 5); /* so large that it is looked at when it is freed */

	page->mapping = (void *)0xbad0;
	__free_pages(page, 5);
	return 0;
}

static noinline int farm_freed_page(void)
{
	struct page *page = alloc_pages(GFP_KERNEL, 5), *again;
	char *text = page_address(page);

	__free_pages(page, 5);
	OPTIMIZER_HIDE_VAR(text);
	text[100] = 'X';
	again = alloc_pages(GFP_KERNEL, 5); /* with page_poison=1 it is looked at when it is handed out again */
	__free_pages(again, 5);
	return 0;
}

static noinline int farm_fortify(void)
{
	static struct {
		char name[8], rest[8];
	} both;
	size_t length = 12;

	OPTIMIZER_HIDE_VAR(length);
	memcpy(both.name, how, length); /* more than a name has room for */
	return both.rest[0];
}

static noinline int farm_stack_end(void)
{
	*end_of_stack(current) = 0; /* where STACK_END_MAGIC stood */
	msleep(20);
	return 0;
}

static noinline int farm_page_alloc(void)
{
	struct page *all[64];
	int got;

	for (got = 0; got < 64; got++) {
		all[got] = alloc_pages(GFP_KERNEL, 10);
		if (!all[got])
			break;
	}
	pr_info("farm: %d of 64 blocks of 4 MiB\n", got);
	while (got--)
		__free_pages(all[got], 10);
	return 0;
}

static noinline int farm_vmalloc(void)
{
	void *much = vmalloc(3000ul << 20);

	vfree(much);
	return 0;
}
