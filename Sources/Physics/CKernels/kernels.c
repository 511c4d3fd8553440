int nvcim_placeholder;
